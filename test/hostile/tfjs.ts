/** Inconsistent TensorFlow.js models. */
import { writeFileSync } from 'node:fs';
import type { HostileCase } from './case.ts';
import { readAll, zeros } from './weight_case.ts';

function shards(folder: string, model: unknown, files: Readonly<Record<string, Uint8Array>>): string {
  writeFileSync(`${folder}/model.json`, typeof model === 'string' ? model : JSON.stringify(model));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(`${folder}/${name}`, bytes);
  return `${folder}/model.json`;
}

function manifest(paths: readonly unknown[], weights: readonly unknown[]): unknown {
  return { format: 'layers-model', weightsManifest: [{ paths, weights }] };
}

function tfjsCase(name: string, make: (folder: string) => string, expected: HostileCase['expected']): HostileCase {
  return { kind: 'weights', name: `TF.js: ${name}`, make, use: readAll, expected };
}

const float = (name: string, shape: unknown, extra: object = {}) => ({ name, shape, dtype: 'float32', ...extra });

export const TFJS: readonly HostileCase[] = [
  tfjsCase(
    '57 of 58 shards',
    folder =>
      shards(
        folder,
        manifest(
          Array.from({ length: 58 }, (_, i) => `s${i}`),
          [float('w', [58])],
        ),
        Object.fromEntries(Array.from({ length: 57 }, (_, i) => [`s${i}`, zeros(4)])),
      ),
    /1 of 58 shards are missing \(s57\)/,
  ),
  tfjsCase(
    'a shard outside its folder',
    folder => shards(folder, manifest(['../../etc/passwd'], []), {}),
    /a shard must be the name of a file in the same folder, got "\.\.\/\.\.\/etc\/passwd"/,
  ),
  tfjsCase(
    'a shard that is a URL',
    folder => shards(folder, manifest(['https://example.org/x'], []), {}),
    /a shard must be the name of a file in the same folder/,
  ),
  tfjsCase(
    'a shard that is a folder',
    folder => shards(folder, manifest(['.'], []), {}),
    /a shard must be the name of a file in the same folder/,
  ),
  tfjsCase(
    'a shard that is too long',
    folder => shards(folder, manifest(['s'], [float('w', [1])]), { s: zeros(5) }),
    /the shards have 5 bytes but the weights need 4/,
  ),
  tfjsCase(
    'a shape of 2^60',
    folder => shards(folder, manifest(['s'], [float('w', [2 ** 60])]), { s: zeros(4) }),
    /is not a valid shape/,
  ),
  tfjsCase(
    'two weights of one name',
    folder => shards(folder, manifest(['s'], [float('w', [1]), float('w', [1])]), { s: zeros(8) }),
    /two weights are named "w"/,
  ),
  tfjsCase(
    'quantised without a scale',
    folder => shards(folder, manifest(['s'], [float('w', [1], { quantization: { dtype: 'uint8' } })]), { s: zeros(1) }),
    /scale and min must be finite numbers, got undefined and undefined/,
  ),
  tfjsCase(
    'a weight named __proto__',
    folder => shards(folder, manifest(['s'], [float('__proto__', [1])]), { s: zeros(4) }),
    { value: ['__proto__'] },
  ),
  tfjsCase(
    'a repeated key',
    folder => shards(folder, '{"weightsManifest":[],"weightsManifest":[]}', {}),
    /has two keys named "weightsManifest" in one object/,
  ),
  tfjsCase(
    '200,000 brackets',
    folder => shards(folder, `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, {}),
    /is nested more than 100 levels deep/,
  ),
  tfjsCase(
    'other JSON',
    folder => shards(folder, '{"name":"x"}', {}),
    /is not a TensorFlow\.js model \(it has no weightsManifest\)/,
  ),
  tfjsCase(
    '10,000 shards of one file',
    folder =>
      shards(
        folder,
        manifest(
          Array.from({ length: 10_000 }, () => 's'),
          [float('w', [10_000])],
        ),
        { s: zeros(4) },
      ),
    { value: ['w'] },
  ),
  tfjsCase(
    '20,000 shards',
    folder =>
      shards(
        folder,
        manifest(
          Array.from({ length: 20_000 }, (_, i) => `s${i}`),
          [],
        ),
        {},
      ),
    /has too many shards \(20000; the limit is 1000\)/,
  ),
];
