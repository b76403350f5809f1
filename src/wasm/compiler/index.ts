import type { CompiledKernel, CompileRequest } from '../interface/compiled_kernel.ts';
import { emitFunction } from './emit/function.ts';
import { encodeModule } from './emit/module.ts';
import { Builder } from './ir/builder.ts';
import { lowerKernel } from './lower/kernel.ts';
import { parseModule } from './parse/parser.ts';
import { Cloner } from './passes/clone.ts';
import { mergeStores } from './passes/merge_stores.ts';
import { versionLoops } from './passes/version_loops.ts';

/**
 * Compiles a WGSL compute shader to a WebAssembly module. The module runs one invocation after another, and vectors use
 * SIMD.
 *
 * @throws CompileError  with line and column, if the source is not valid WGSL or uses a feature that is not supported
 */
export function compileKernel(request: CompileRequest): CompiledKernel {
  const declarations = parseModule(request.source);
  const { context, bindings, workgroupSize, workgroupStorageBytes } = lowerKernel({ ...request, declarations });
  const b = context.hasForwards ? simplified(context.b) : context.b;
  versionLoops(b);
  mergeStores(b);
  return {
    wasm: encodeModule(emitFunction(b.root, request.features), request.sharedMemory),
    bindings,
    workgroupSize,
    scratchBytes: context.scratch.sizeBytes,
    workgroupStorageBytes,
  };
}

/** Rebuilds the kernel, so that folding sees the loop variables that lowering found to be constant. */
function simplified({ root }: Builder): Builder {
  const b = new Builder();
  new Cloner(b, root, b.root).run();
  return b;
}
