/**
 * Reads files in each of PyTorch's formats. scripts/make_format_fixtures.py wrote them, and PyTorch read them back as a
 * check.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openWeights } from '../../src/weights/open_weights.ts';
import { fixturePath, open } from './build.ts';

interface Expected {
  readonly dtype: string;
  readonly shape: number[];
  readonly hex: string;
}

const expected = JSON.parse(readFileSync(fixturePath('formats/every.json'), 'utf8')) as Record<string, Expected>;

const DTYPES: Readonly<Record<string, string>> = {
  float32: 'F32',
  float64: 'F64',
  float16: 'F16',
  bfloat16: 'BF16',
  complex64: 'C64',
  complex128: 'C128',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

const FILES = [
  ['every.pth', 'torch-zip'],
  ['every_deflated.pth', 'torch-zip'],
  ['every_legacy.pth', 'torch-legacy'],
  ['every_tar.pth', 'torch-tar'],
] as const;

describe('reads every bit that PyTorch saved', () => {
  it.each(FILES)('%s', async (name, format) => {
    const file = await openWeights(fixturePath(`formats/${name}`));
    expect(file.format).toBe(format);
    expect([...file.tensors.keys()]).toEqual(Object.keys(expected));
    for (const [tensor, { dtype, shape, hex }] of Object.entries(expected)) {
      const entry = file.tensors.get(tensor)!;
      expect([entry.dtype, ...entry.shape], tensor).toEqual([DTYPES[dtype], ...shape]);
      expect(Buffer.from(await entry.readBytes!()).toString('hex'), tensor).toBe(hex);
    }
    await file.close();
  });

  it('reads parts of storages in a legacy file', async () => {
    const file = await openWeights(fixturePath('formats/parts_legacy.pth'));
    expect(file.tensors.size).toBe(26);
    for (const [name, entry] of file.tensors) {
      expect(Buffer.from(await entry.readBytes!()).toString('hex'), name).toBe(expected[name]!.hex);
    }
    await file.close();
  });

  it('reads the same values from a legacy state dict and its ZIP version', async () => {
    const [legacy, zip] = await Promise.all(
      ['legacy.pth', 'sequential.pth'].map(name => openWeights(fixturePath(name))),
    );
    expect([...legacy!.tensors.keys()]).toEqual([...zip!.tensors.keys()]);
    for (const [name, entry] of legacy!.tensors)
      expect(await entry.read()).toEqual(await zip!.tensors.get(name)!.read());
    await legacy!.close();
    await zip!.close();
  });

  it('lists complex tensors but does not convert them to float32', async () => {
    const file = await openWeights(fixturePath('formats/every.pth'));
    await expect(file.tensors.get('complex128')!.read()).rejects.toThrow(
      'weights: C128 cannot be converted to float32. Save the tensor as F32 or F16',
    );
    await file.close();
  });
});

describe('rejects a file cut at every sixteenth', () => {
  it.each([...FILES.map(([name]) => name), 'parts_legacy.pth'])('%s', async name => {
    const whole = readFileSync(fixturePath(`formats/${name}`));
    // A tar may lack the zeros that pad its end.
    const needed = name.includes('tar') ? whole.lastIndexOf(0x01) : whole.length;
    for (let sixteenth = 0; sixteenth < 16; sixteenth++) {
      await expect(open(whole.subarray(0, (needed * sixteenth) >> 4)), `${sixteenth}`).rejects.toThrow(
        /^(weights|torch|zip|tar): /,
      );
    }
  });
});
