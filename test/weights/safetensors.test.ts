import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../src/errors/index.ts';
import { bytesOf } from '../../src/weights/dtypes.ts';
import { saveSafetensors, writeSafetensors } from '../../src/weights/safetensors_writer.ts';
import { tensorOf } from '../../src/weights/tensor_entry.ts';
import { HOSTILE_SAFETENSORS } from '../hostile/safetensors.ts';
import { concat, open, safetensors } from './build.ts';

function f32(...values: number[]): Uint8Array {
  return bytesOf(new Float32Array(values));
}

const TENSORS = [
  { name: 'fc.0.weight', shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: 'fc.0.bias', shape: [2], values: Float32Array.of(-1, Number.NaN) },
  { name: 'scalar', shape: [], values: Float32Array.of(7) },
  { name: 'empty', shape: [0, 4], values: new Float32Array(0) },
];

describe('the writer', () => {
  it('writes values, shapes and metadata that read back unchanged', async () => {
    const file = await open(writeSafetensors(TENSORS, { classes: '["NORMAL","PNEUMONIA"]' }));
    expect(file.metadata).toEqual({ classes: '["NORMAL","PNEUMONIA"]' });
    expect([...file.tensors.keys()].sort()).toEqual(TENSORS.map(tensor => tensor.name).sort());
    for (const { name, shape, values } of TENSORS) {
      expect(file.tensors.get(name)!.shape).toEqual(shape);
      expect(await file.tensors.get(name)!.read()).toEqual(values);
    }
  });

  it('writes the same bytes for any order of tensors and metadata', () => {
    const forwards = writeSafetensors(TENSORS, { a: '1', b: '2' });
    expect(writeSafetensors(TENSORS.toReversed(), { b: '2', a: '1' })).toEqual(forwards);
    expect(new DataView(forwards.buffer).getUint32(0, true) % 8).toBe(0);
  });

  it('streams the bytes that writeSafetensors returns', async () => {
    const parts: Uint8Array[] = [];
    const write = async (bytes: Uint8Array) => void parts.push(bytes.slice());
    await saveSafetensors(
      { write },
      TENSORS.map(({ name, shape, values }) => tensorOf(name, shape, values)),
      { a: '1' },
    );
    expect(new Uint8Array(concat(...parts))).toEqual(new Uint8Array(writeSafetensors(TENSORS, { a: '1' })));
  });

  it('accepts any names and shapes', async () => {
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const sets = fc.dictionary(fc.string(), shape, { maxKeys: 6, noNullPrototype: false });
    await fc.assert(
      fc.asyncProperty(sets, async shapes => {
        const tensors = Object.entries(shapes)
          .filter(([name]) => name !== '__metadata__')
          .map(([name, sizes]) => ({
            name,
            shape: sizes,
            values: new Float32Array(sizes.reduce((a, b) => a * b, 1)).fill(0.5),
          }));
        const file = await open(writeSafetensors(tensors));
        expect(file.tensors.size).toBe(tensors.length);
        for (const { name, values } of tensors) expect(await file.tensors.get(name)!.read()).toEqual(values);
      }),
      { numRuns: 60 },
    );
  });

  it('rejects a repeated name, the reserved name, and the wrong number of values', () => {
    const one = TENSORS[0]!;
    expect(() => writeSafetensors([one, one])).toThrow('safetensors: two tensors are named "fc.0.weight"');
    expect(() => writeSafetensors([{ ...one, name: '__metadata__' }])).toThrow(
      'safetensors: no tensor may be named "__metadata__", which the format reserves',
    );
    expect(() => writeSafetensors([{ ...one, shape: [4] }])).toThrow(
      'safetensors: fc.0.weight [4] needs 4 values, got 6',
    );
  });
});

describe('files of other writers', () => {
  it('may have padding before the header, misaligned tensors and other dtypes', async () => {
    const header =
      '  {"h":{"dtype":"F16","shape":[2],"data_offsets":[1,5]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} ';
    const file = await open(safetensors(header, concat([9, 0x00, 0x3c, 0x00, 0xc0])));
    expect([...(await file.tensors.get('h')!.read())]).toEqual([1, -2]);
    expect([...(await file.tensors.get('b')!.read())]).toEqual([9]);
  });

  it('may have a tensor named __proto__', async () => {
    const header = '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const file = await open(safetensors(header, f32(3)));
    expect([...(await file.tensors.get('__proto__')!.read())]).toEqual([3]);
  });

  it('may have 8-bit floats, which cannot be read as float32', async () => {
    const file = await open(
      safetensors({ w: { dtype: 'F8_E4M3', shape: [2], data_offsets: [0, 2] } }, f32(0).subarray(2)),
    );
    await expect(file.tensors.get('w')!.read()).rejects.toThrow(
      'weights: F8_E4M3 cannot be converted to float32. Save the tensor as F32 or F16',
    );
  });
});

describe('hostile files', () => {
  it.each(HOSTILE_SAFETENSORS)('%s', async (_, file, error) => {
    const bytes = file();
    const started = performance.now();
    await expect(open(bytes)).rejects.toThrow(error);
    await expect(open(bytes)).rejects.toThrow(WeightsError);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('rejects a file cut at every sixteenth', async () => {
    const whole = writeSafetensors(TENSORS);
    for (let sixteenth = 0; sixteenth < 16; sixteenth++) {
      await expect(open(whole.subarray(0, (whole.length * sixteenth) >> 4))).rejects.toThrow(WeightsError);
    }
  });
});

describe('files that are not weights', () => {
  it.each([
    ['an empty file', '', 'weights: file: is empty. Download or copy it again'],
    [
      'an error page',
      '<!DOCTYPE html><html>404',
      'weights: file: is a web page, not a weights file. Download it again',
    ],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:0',
      'weights: file: is a Git LFS pointer, not a weights file. Run `git lfs pull` in its repository',
    ],
    [
      'a text',
      'hello, world',
      'weights: file: is not a PyTorch checkpoint, a safetensors file or a TensorFlow.js model.json (its first bytes are 68 65 6c 6c 6f 2c 20 77)',
    ],
    [
      'other JSON',
      '{"name": "x"}',
      'weights: file: is a model.json without its shards. Open it in the folder that contains them',
    ],
  ])('%s', async (_, text, error) => {
    await expect(open(concat(text))).rejects.toThrow(error);
  });
});
