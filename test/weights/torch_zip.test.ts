import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openWeights } from '../../src/weights/open_weights.ts';
import { toStateDict } from '../../src/weights/state_dict.ts';
import { checkpoint, fixturePath, open, tensorPickle } from './build.ts';

type Expected = Record<string, Record<string, { shape: number[]; values: (number | { text: string })[] }>>;

const expected = JSON.parse(readFileSync(fixturePath('expected.json'), 'utf8')) as Expected;

const TEXTS: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: Number.NaN, '-0.0': -0 };

describe('checkpoints that PyTorch wrote', () => {
  it.each(Object.keys(expected))('%s has every value', async name => {
    const file = await openWeights(fixturePath(name));
    expect(file.format).toBe('torch-zip');
    expect([...file.tensors.keys()].sort()).toEqual(Object.keys(expected[name]!).sort());
    for (const [tensorName, { shape, values }] of Object.entries(expected[name]!)) {
      const entry = file.tensors.get(tensorName)!;
      expect(entry.shape, tensorName).toEqual(shape);
      const wanted = values.map(value => (typeof value === 'number' ? value : TEXTS[value.text]!));
      expect([...(await entry.read())], tensorName).toEqual(wanted.map(Math.fround));
    }
    await file.close();
  });

  it('reports the dtypes as stored', async () => {
    const file = await openWeights(fixturePath('dtypes.pth'));
    const dtypes = [...file.tensors.values()].map(entry => entry.dtype);
    expect(dtypes).toEqual(['F32', 'F64', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL', 'I64', 'I8']);
    await file.close();
  });

  it('removes the prefix of DataParallel', async () => {
    const file = await openWeights(fixturePath('training.pth'));
    expect([...toStateDict(file.tensors).stateDict.keys()].slice(0, 3)).toEqual(['0.weight', '0.bias', '1.weight']);
    await file.close();
    await file.close();
  });

  it('reads the tensors of a TorchScript program', async () => {
    const file = await openWeights(fixturePath('torchscript.pt'));
    expect([...file.tensors.values()].map(({ name, shape }) => [name, shape])).toEqual([
      ['weight', [2, 2]],
      ['bias', [2]],
    ]);
    expect(file.notes).toEqual(['is a TorchScript program; its tensors are read, and its code does not run']);
    await file.close();
  });
});

describe('a checkpoint made by hand', () => {
  it('can be read without data descriptors and Zip64', async () => {
    const file = await open(checkpoint(tensorPickle({ offset: 1n, shape: [3n] })));
    expect([...(await file.tensors.get('weight')!.read())]).toEqual([2, 3, 4]);
  });

  it.each(['__proto__', 'constructor', 'toString'])('can have a tensor named %s', async name => {
    const file = await open(checkpoint(tensorPickle({ name })));
    expect([...file.tensors.keys()]).toEqual([name]);
    expect(({} as Record<string, unknown>).shape).toBeUndefined();
  });
});
