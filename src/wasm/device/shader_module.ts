import { CompileError, type CompileMessage } from '../interface/compile_error.ts';
import type { CompiledKernel } from '../interface/compiled_kernel.ts';
import { ApiObject } from './api_object.ts';
import type { Context } from './context.ts';
import { broken } from './errors.ts';
import { breathe } from './execution/breathe.ts';

/** A WGSL text. It is compiled when a pipeline provides the entry point and the constants. */
export class WasmShaderModule extends ApiObject implements GPUShaderModule {
  declare readonly __brand: 'GPUShaderModule';
  private readonly found: CompileMessage[] = [];
  private readonly bare: string;

  constructor(
    context: Context,
    label: string | undefined,
    private readonly source: string,
  ) {
    super('ShaderModule', context, label);
    this.bare = withoutComments(source);
  }

  /** Checks the syntax. @throws BrokenRule */
  check(): void {
    try {
      this.context.check?.(this.source);
    } catch (thrown) {
      const error = compileErrorOf(thrown);
      this.note(error.messages);
      broken(`Error while parsing WGSL: ${error.message}`);
    }
  }

  /** @throws CompileError */
  compile(entryPoint: string, constants: Readonly<Record<string, number>>): CompiledKernel {
    const { heap, simd, compile } = this.context;
    try {
      return compile({
        source: this.source,
        entryPoint,
        constants,
        features: simd,
        sharedMemory: heap.shared,
      });
    } catch (thrown) {
      const error = compileErrorOf(thrown);
      this.note(error.messages);
      throw error;
    }
  }

  /** Returns the name of a pipeline's entry point, which may be omitted if there is only one. @throws BrokenRule */
  entryPoint(name: string | undefined): string {
    const names = this.entryPoints();
    if (name !== undefined) {
      if (!names.includes(name))
        broken(`Entry point "${name}" doesn't exist in ${this}, whose compute entry points are [${names.join(', ')}].`);
      return name;
    }
    if (names.length !== 1)
      broken(`${this} has ${names.length} compute entry points [${names.join(', ')}]: the pipeline must name one.`);
    return names[0]!;
  }

  /**
   * Returns override constants by name; the given keys are names, or numbers from `@id`.
   *
   * @throws BrokenRule | TypeError
   */
  constants(given: Readonly<Record<string, number>>): Record<string, number> {
    const overrides = [...this.bare.matchAll(/(?:@id\s*\(\s*(\d+)\s*\)\s*)?\boverride\s+([\p{XIDS}_][\p{XIDC}]*)/gu)];
    const constants: Record<string, number> = {};
    for (const [key, value] of Object.entries(given)) {
      const override = overrides.find(([, id, name]) => (id ?? name) === key);
      if (!override)
        broken(
          `Pipeline overridable constant "${key}" not found in ${this}, whose overrides are [${overrides.map(([, id, name]) => id ?? name).join(', ')}].`,
        );
      const number = Number(value);
      if (!Number.isFinite(number))
        throw new TypeError(`Pipeline constant "${key}" must be a finite number, got ${value}`);
      constants[override[2]!] = number;
    }
    return constants;
  }

  /** Returns the messages of the pipelines created so far. If there are none, compiles every entry point first. */
  async getCompilationInfo(): Promise<GPUCompilationInfo> {
    if (this.found.length === 0)
      for (const name of this.entryPoints()) {
        await breathe();
        try {
          this.compile(name, {});
        } catch (error) {
          if (!(error instanceof CompileError)) throw error;
        }
      }
    return { messages: this.found.map(message => this.compilationMessage(message)) } as unknown as GPUCompilationInfo;
  }

  private entryPoints(): string[] {
    return [...this.bare.matchAll(/@compute\b[^;{}]{0,1000}?\bfn\s+([\p{XIDS}_][\p{XIDC}]*)/gu)].map(
      ([, name]) => name!,
    );
  }

  private note(messages: readonly CompileMessage[]): void {
    for (const message of messages)
      if (!this.found.some(known => JSON.stringify(known) === JSON.stringify(message))) this.found.push(message);
  }

  private compilationMessage({ type, message, lineNum, linePos }: CompileMessage): GPUCompilationMessage {
    const lines = this.source.split('\n').slice(0, Math.max(0, lineNum - 1));
    const offset = lineNum > 0 ? lines.reduce((sum, line) => sum + line.length + 1, 0) + Math.max(0, linePos - 1) : 0;
    return { message, type, lineNum, linePos, offset, length: 0 } as GPUCompilationMessage;
  }
}

export function createShaderModule(context: Context, descriptor: GPUShaderModuleDescriptor): WasmShaderModule {
  const module = new WasmShaderModule(context, descriptor.label, String(descriptor.code));
  module.valid = context.errors.guard(`[Device].createShaderModule(${module})`, () => module.check());
  return module;
}

/**
 * Returns the compile error. A stack overflow (RangeError) counts as one: the source is nested too deeply.
 *
 * @throws any other error
 */
function compileErrorOf(error: unknown): CompileError {
  if (error instanceof CompileError) return error;
  if (!(error instanceof RangeError)) throw error;
  return new CompileError([
    { type: 'error', message: `the source is nested too deeply (${error.message})`, lineNum: 0, linePos: 0 },
  ]);
}

/** Replaces line comments and nested block comments with spaces. */
function withoutComments(source: string): string {
  let depth = 0;
  return source.replace(/\/\*|\*\/|\/\/[^\n]*|[^/*]+|[/*]/g, token => {
    if (token === '/*') depth++;
    else if (token === '*/' && depth > 0) return --depth >= 0 ? ' ' : '';
    return depth > 0 || token.startsWith('//') ? ' ' : token;
  });
}
