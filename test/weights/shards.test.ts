/** Networks that are split into shards, with an index that says which file has which tensor. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWeights } from '../../src/weights/open_weights.ts';
import { writeSafetensors } from '../../src/weights/safetensors_writer.ts';
import { temporaryFolder } from '../cli/run.ts';

const folder = temporaryFolder();
const INDEX = 'model.safetensors.index.json';

function shard(name: string, tensors: Record<string, number[]>): void {
  const values = Object.entries(tensors).map(([tensor, numbers]) => ({
    name: tensor,
    shape: [numbers.length],
    values: Float32Array.from(numbers),
  }));
  writeFileSync(join(folder, name), writeSafetensors(values));
}

function index(weightMap: unknown): string {
  const path = join(folder, INDEX);
  writeFileSync(path, JSON.stringify({ metadata: { total_size: 20 }, weight_map: weightMap }));
  return path;
}

shard('a.safetensors', { conv1: [1, 2], extra: [9] });
shard('b.safetensors', { fc: [3, 4, 5] });

describe('an index of shards', () => {
  it('reads each tensor from its shard, and only those that it lists', async () => {
    const file = await openWeights(index({ conv1: 'a.safetensors', fc: 'b.safetensors' }));
    expect([...file.tensors.keys()]).toEqual(['conv1', 'fc']);
    expect([...(await file.tensors.get('conv1')!.read())]).toEqual([1, 2]);
    expect([...(await file.tensors.get('fc')!.read())]).toEqual([3, 4, 5]);
    expect([file.name, file.format, file.sources.length]).toEqual([INDEX, 'safetensors', 3]);
    await file.close();
  });

  it('names the shards that are missing', async () => {
    await expect(openWeights(index({ conv1: 'a.safetensors', fc: 'none.safetensors' }))).rejects.toThrow(
      `weights: ${INDEX}: 1 of 2 shards are missing (none.safetensors). Put them into the same folder`,
    );
  });

  it('rejects a tensor that its shard does not have', async () => {
    await expect(openWeights(index({ conv1: 'a.safetensors', fc: 'a.safetensors' }))).rejects.toThrow(
      `weights: ${INDEX}: is damaged (a.safetensors has no tensor "fc")`,
    );
  });

  it.each(['../a.safetensors', '/etc/passwd', 'sub/a.safetensors', '..', '.', '', 'C:a', 'sub\\a', 'a\0b', 3, null])(
    'does not open a shard outside the folder: %j',
    async name => {
      await expect(openWeights(index({ conv1: name }))).rejects.toThrow(
        `weights: ${INDEX}: a shard must be the name of a file in the same folder, got ${JSON.stringify(name)}`,
      );
    },
  );

  it.each([[{}], [[]], ['a.safetensors'], [null]])('rejects the weight_map %j', async map => {
    await expect(openWeights(index(map))).rejects.toThrow(
      `weights: ${INDEX}: is damaged (its weight_map is not an object of file names)`,
    );
  });

  it('does not follow an index that names another index', async () => {
    await expect(openWeights(index({ conv1: INDEX }))).rejects.toThrow(`weights: ${INDEX}: `);
  });

  it('rejects more than 1000 shards', async () => {
    const map = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`t${i}`, `${i}.safetensors`]));
    await expect(openWeights(index(map))).rejects.toThrow('has too many shards (1001; the limit is 1000)');
  });
});
