import type { CompiledKernel, CompileRequest } from '../compiled_kernel.ts';
import { emitFunction } from './emit/function.ts';
import { encodeModule } from './emit/module.ts';
import { Builder } from './ir/builder.ts';
import { lowerKernel } from './lower/kernel.ts';
import { parseModule } from './parse/parser.ts';
import { Cloner } from './passes/clone.ts';
import { mergeStores } from './passes/merge_stores.ts';
import { versionLoops } from './passes/version_loops.ts';

/**
 * A compute shader in WGSL as a WebAssembly module, one invocation after the other, vectors in SIMD.
 *
 * @throws CompileError  with line and column, where the text is no valid WGSL or uses what kernels here cannot
 */
export function compileKernel(request: CompileRequest): CompiledKernel {
  const declarations = parseModule(request.source);
  const { context, workgroupSize, workgroupStorageBytes } = lowerKernel({ ...request, declarations });
  const b = context.hasForwards ? simplified(context.b) : context.b;
  versionLoops(b);
  mergeStores(b);
  return {
    wasm: encodeModule(emitFunction(b.root, request.features), request.sharedMemory),
    bindings: context.globals.bindings,
    workgroupSize,
    scratchBytes: context.scratch.sizeBytes,
    workgroupStorageBytes,
  };
}

/** The same kernel made anew: what follows from variables that turned out not to vary is known only afterwards. */
function simplified({ root }: Builder): Builder {
  const b = new Builder();
  new Cloner(b, root, b.root).run();
  return b;
}
