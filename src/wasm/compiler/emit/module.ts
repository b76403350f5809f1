import type { Kind } from '../ir/opcodes.ts';
import { Encoder } from './encoder.ts';

export interface FunctionCode {
  readonly locals: readonly Kind[];
  readonly body: Uint8Array;
}

const LARGEST_MEMORY_PAGES = 65536;

/** Encodes a module that imports `env.memory` and exports `run`, which takes three i32. */
export function encodeModule({ locals, body }: FunctionCode, sharedMemory: boolean): Uint8Array<ArrayBuffer> {
  const module = new Encoder();
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) module.byte(byte);
  module.section(1, types => {
    types.unsigned(1);
    types.byte(0x60);
    types.unsigned(3);
    for (let i = 0; i < 3; i++) types.type('i32');
    types.unsigned(0);
  });
  module.section(2, imports => {
    imports.unsigned(1);
    imports.name('env');
    imports.name('memory');
    imports.byte(2);
    imports.byte(sharedMemory ? 3 : 0);
    imports.unsigned(0);
    if (sharedMemory) imports.unsigned(LARGEST_MEMORY_PAGES);
  });
  module.section(3, functions => {
    functions.unsigned(1);
    functions.unsigned(0);
  });
  module.section(7, exports => {
    exports.unsigned(1);
    exports.name('run');
    exports.byte(0);
    exports.unsigned(0);
  });
  module.section(10, code => {
    code.unsigned(1);
    code.sized(one => {
      writeLocals(one, locals);
      one.append(body);
    });
  });
  return module.finish();
}

function writeLocals(code: Encoder, locals: readonly Kind[]): void {
  const runs: { kind: Kind; count: number }[] = [];
  for (const kind of locals) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.count++;
    else runs.push({ kind, count: 1 });
  }
  code.unsigned(runs.length);
  for (const { kind, count } of runs) {
    code.unsigned(count);
    code.type(kind);
  }
}
