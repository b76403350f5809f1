import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { FeatureStore } from '../../src/data/feature_store.ts';
import { sha256 } from '../../src/platform/node.ts';
import { bytesOf } from '../../src/weights/dtypes.ts';
import { openWeights } from '../../src/weights/open_weights.ts';
import { type Metadata, writeSafetensors } from '../../src/weights/safetensors_writer.ts';
import type { HostileCase } from './case.ts';

const SPACE = { weightsHash: 'w', preprocessing: null, dimension: 4 };
const ROW = Float32Array.of(1, 2, 3, 4);
/** A row that differs from the computed one. */
const OTHER = Float32Array.of(9, 9, 9, 9);

interface Shard {
  readonly key?: string;
  readonly values?: Float32Array;
  readonly shape?: readonly number[];
  readonly metadata?: Metadata;
}

/** Returns the store's folder, and the key of its one image. */
async function storeAt(folder: string): Promise<{ directory: string; key: string }> {
  const store = await FeatureStore.open({ ...SPACE, root: folder });
  return { directory: store.directory!, key: await store.keyOf('a'.repeat(64)) };
}

/** Makes a store with the correct row in one shard, and then adds a case's files. */
async function withGood(
  folder: string,
  add: (directory: string, key: string) => Promise<void> | void,
): Promise<string> {
  const store = await FeatureStore.open({ ...SPACE, root: folder });
  await store.put(await store.keyOf('a'.repeat(64)), ROW);
  await store.flush();
  await add(store.directory!, await store.keyOf('a'.repeat(64)));
  return folder;
}

async function shardBytes(
  directory: string,
  { key = 'k', values = OTHER, shape = [1, 4], metadata = {} }: Shard,
): Promise<Uint8Array> {
  const space = await spaceOf(directory);
  const digest = await sha256(bytesOf(values));
  return writeSafetensors([{ name: 'features', shape, values }], { space, keys: key, sha256: digest, ...metadata });
}

/** Returns the space recorded in a shard that the store itself wrote. */
async function spaceOf(directory: string): Promise<string> {
  const name = readdirSync(directory).find(file => file.startsWith('rows-') && file.endsWith('.safetensors'));
  if (name === undefined) return '';
  const file = await openWeights(`${directory}/${name}`);
  await file.close();
  return file.metadata.space ?? '';
}

/** Returns the row as a run would get it: from the store, or else computed. */
async function rowOf(folder: string): Promise<number[]> {
  const store = await FeatureStore.open({ ...SPACE, root: folder });
  const key = await store.keyOf('a'.repeat(64));
  await store.verify([key]);
  if (!store.has(key)) await store.put(key, ROW);
  const row = [...(await store.getMany([key]))];
  await store.flush();
  return row;
}

function added(name: string, add: (directory: string, key: string) => Promise<void> | void): HostileCase {
  return {
    kind: 'stores',
    name,
    make: folder => withGood(folder, add),
    use: rowOf,
    expected: { value: [...ROW] },
  };
}

/** Adds a shard that sorts before the correct one and has the same key. */
function shard(name: string, change: (key: string) => Shard): HostileCase {
  return added(name, async (directory, key) =>
    writeFileSync(`${directory}/rows-0.safetensors`, await shardBytes(directory, { key, ...change(key) })),
  );
}

function damagedGood(name: string, damage: (path: string) => void): HostileCase {
  return added(name, directory => {
    damage(`${directory}/${readdirSync(directory).find(file => file.startsWith('rows-'))}`);
  });
}

export const STORES: readonly HostileCase[] = [
  added('unchanged', () => {}),
  shard('a shard with a wrong hash', () => ({ metadata: { sha256: '0'.repeat(64) } })),
  shard('a shard without a hash', () => ({ metadata: { sha256: '' } })),
  shard('a shard of another network', () => ({ metadata: { space: 'x' } })),
  shard('a shard whose rows have the wrong length', () => ({ values: new Float32Array(7), shape: [1, 7] })),
  shard('a shard of empty rows', () => ({ values: new Float32Array(0), shape: [1, 0] })),
  shard('a shard with two keys for one row', key => ({ metadata: { keys: `${key} x` } })),
  shard('a shard of rank 3', () => ({ shape: [1, 2, 2] })),
  shard('a shard with a key named __proto__', () => ({ key: '__proto__' })),
  added('a shard that is empty', directory => writeFileSync(`${directory}/rows-0.safetensors`, '')),
  added('a shard that is text', directory => writeFileSync(`${directory}/rows-0.safetensors`, 'hello')),
  added('a shard of 8 GB', directory => {
    writeFileSync(`${directory}/rows-0.safetensors`, '');
    truncateSync(`${directory}/rows-0.safetensors`, 8 * 2 ** 30);
  }),
  added('a shard that is a folder', directory => mkdirSync(`${directory}/rows-0.safetensors`)),
  added('a shard that is a pipe', directory => void execFileSync('mkfifo', [`${directory}/rows-0.safetensors`])),
  damagedGood('the correct shard, truncated to 100 bytes', path => truncateSync(path, 100)),
  damagedGood('the correct shard with a changed row', path => {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.from([1, 2, 3]), 0, 3, fstatSync(file).size - 5);
    closeSync(file);
  }),
  added('records that are not JSON', directory => writeFileSync(`${directory}/files-0.jsonl`, '{\n\0\n]')),
  added('records of the wrong types', directory =>
    writeFileSync(`${directory}/files-0.jsonl`, 'null\n[]\n[1,2,3,4]\n{"a":1}\n["a",{},[],"b"]\n'),
  ),
  added('records of 1 GB', directory => {
    writeFileSync(`${directory}/files-0.jsonl`, '');
    truncateSync(`${directory}/files-0.jsonl`, 2 ** 30);
  }),
  added('2,000 other files', directory => {
    for (let i = 0; i < 2000; i++) writeFileSync(`${directory}/rows-${i}.tmp`, 'x');
  }),
  {
    kind: 'stores',
    name: 'a file instead of the store’s folder',
    make: async folder => {
      const { directory } = await storeAt(`${folder}/a`);
      mkdirSync(`${folder}/b`);
      writeFileSync(`${folder}/b/${directory.split('/').at(-1)}`, '');
      return `${folder}/b`;
    },
    use: rowOf,
    expected: /a file with this name already exists|a part of this path is a file/,
  },
];
