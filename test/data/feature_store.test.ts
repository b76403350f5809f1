import { copyFile, mkdir, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { extractFeatures } from '../../src/data/extract_features.ts';
import { FeatureStore, hashPixels } from '../../src/data/feature_store.ts';
import { messageOf, useTemporaryFolders } from '../platform/helpers.ts';

const newFolder = useTemporaryFolders();
const SPACE = { weightsHash: 'w', preprocessing: { resize: [224, 224], mean: [0.5] } };

const open = (root: string, more: object = {}) => FeatureStore.open({ ...SPACE, root, ...more });
const row = (value: number) => Float32Array.of(value, value + 0.5, -value);

describe('FeatureStore', () => {
  it('returns stored rows, before and after they are written and the store is reopened', async () => {
    const root = await newFolder();
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
    const rows = fc.uniqueArray(fc.tuple(fc.string(), fc.array(finite, { minLength: 4, maxLength: 4 })));
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(5), async (entries, flushAfter) => {
        const store = await open(await newFolder());
        const expected = new Map<string, Float32Array>();
        for (const [i, [name, values]] of entries.entries()) {
          const key = await store.keyOf(name);
          if (!expected.has(key)) expected.set(key, Float32Array.from(values));
          await store.put(key, Float32Array.from(values));
          if (i === flushAfter) await store.flush();
        }
        for (const [key, values] of expected) expect(await store.get(key)).toEqual(values);
        await store.flush();
        const again = await open(join(store.directory!, '..'));
        expect(again.size).toBe(expected.size);
        const all = await again.getMany([...expected.keys()].reverse());
        expect([...all]).toEqual([...expected.values()].reverse().flatMap(values => [...values]));
      }),
      { numRuns: 15 },
    );
    expect(await readdir(root)).toEqual([]);
  });

  it('derives keys from weights, preprocessing, augmentation and pixels, but not from the order of members', async () => {
    const key = async (space: object, pixels = 'p', augmentation: unknown = null) =>
      (await open('memory', space)).keyOf(pixels, augmentation);
    const base = await key({});
    expect(await key({ preprocessing: { mean: [0.5], resize: [224, 224] } })).toBe(base);
    const others = [
      await key({ weightsHash: 'v' }),
      await key({ preprocessing: { resize: [224, 224], mean: [0.4] } }),
      await key({}, 'q'),
      await key({}, 'p', { flip: true }),
    ];
    expect(new Set([base, ...others]).size).toBe(5);
  });

  describe('rows of another origin', () => {
    const notes: string[] = [];
    const openAs = (root: string, origin: string | undefined, more: object = {}) => {
      notes.length = 0;
      return open(root, { origin, note: (text: string) => notes.push(text), ...more });
    };
    const put = async (root: string, origin: string | undefined, ...rows: [string, number][]) => {
      const store = await openAs(root, origin);
      for (const [key, value] of rows) await store.put(key, row(value));
      await store.flush();
    };
    const AGAIN = 'They will be computed again if needed. To use them as they are, pass `--reuse any`';

    it('are computed again, with a note until they have been', async () => {
      const root = await newFolder();
      await put(root, 'A', ['a', 1], ['b', 2]);
      const store = await openAs(root, 'B');
      expect([store.has('a'), store.size]).toEqual([false, 0]);
      expect(notes).toEqual([`features: 2 stored rows were computed by A, not by B. ${AGAIN}`]);
      await store.put('a', row(1.25));
      await store.flush();
      const partly = await openAs(root, 'B');
      expect(await partly.get('a')).toEqual(row(1.25));
      expect(notes).toEqual([`features: 1 stored rows were computed by A, not by B. ${AGAIN}`]);
      await put(root, 'B', ['b', 2.25]);
      await openAs(root, 'B');
      expect(notes).toEqual([]);
      expect(await (await openAs(root, 'A')).get('a')).toEqual(row(1));
      expect(notes).toEqual([]);
    });

    it('are used on request, if this origin has none', async () => {
      const root = await newFolder();
      await put(root, 'A', ['a', 1], ['b', 2]);
      await put(root, 'B', ['b', 2.25]);
      const store = await openAs(root, 'B', { reuse: 'any' });
      expect([await store.get('a'), await store.get('b')]).toEqual([row(1), row(2.25)]);
      expect(notes).toEqual(['features: 1 stored rows were computed by A, not by B. They are used as they are']);
    });

    it('count as rows of an earlier version if no origin is recorded', async () => {
      const root = await newFolder();
      await put(root, undefined, ['a', 1]);
      expect((await openAs(root, 'B')).has('a')).toBe(false);
      expect(notes).toEqual([
        `features: 1 stored rows were computed by an earlier version without a recorded origin, not by B. ${AGAIN}`,
      ]);
      expect((await openAs(root, undefined)).has('a')).toBe(true);
    });

    it('are merged with their origin', async () => {
      const [here, there] = [await newFolder(), await newFolder()];
      await put(there, 'A', ['a', 1]);
      await put(there, 'B', ['b', 2]);
      const store = await openAs(here, 'B');
      expect(await store.merge(there)).toBe(1);
      expect([store.has('a'), store.has('b')]).toEqual([false, true]);
      expect(notes).toEqual([`features: 1 stored rows were computed by A, not by B. ${AGAIN}`]);
      expect((await openAs(here, 'B', { reuse: 'any' })).size).toBe(2);
    });
  });

  it('loses only rows that were not flushed', async () => {
    const root = await newFolder();
    const store = await open(root);
    await store.put('a', row(1));
    await store.flush();
    await store.put('b', row(2));
    const resumed = await open(root);
    expect([resumed.has('a'), resumed.has('b'), resumed.dimension]).toEqual([true, false, 3]);
  });

  it('skips damaged shards and shards of other networks, with a note', async () => {
    const root = await newFolder();
    const store = await open(root);
    for (const [i, key] of ['a', 'b'].entries()) {
      await store.put(key, row(i));
      await store.flush();
    }
    const [first, second] = (await readdir(store.directory!)).map(name => join(store.directory!, name));
    await truncate(first!, 100);
    const foreign = await open(root, { weightsHash: 'other' });
    await copyFile(second!, join(foreign.directory!, basename(second!)));
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    expect((await open(root, { note })).size).toBe(1);
    expect((await open(root, { weightsHash: 'other', note })).size).toBe(0);
    expect(notes).toEqual([
      expect.stringMatching(/^features: skipped rows-\S+; its rows will be computed again \(.+ends early.+\)$/),
      expect.stringMatching(/: belongs to another network or preprocessing\)$/),
    ]);
  });

  it('lets several writers share a folder', async () => {
    const root = await newFolder();
    const stores = await Promise.all([open(root), open(root), open(root)]);
    await Promise.all(
      stores.map(async (store, i) => {
        for (let k = 0; k < 5; k++) {
          await store.put(`${i}-${k}`, row(i * 10 + k));
          await store.put('shared', row(99));
          await Promise.all([store.flush(), store.flush()]);
        }
      }),
    );
    const all = await open(root);
    expect(all.size).toBe(16);
    expect([...(await all.get('2-4'))]).toEqual([...row(24)]);
    expect((await readdir(all.directory!)).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });

  it('merges the rows of another machine after checking them', async () => {
    const [here, there] = [await newFolder(), await newFolder()];
    const [mine, theirs] = [await open(here), await open(there)];
    await mine.put('a', row(1));
    await mine.flush();
    await theirs.put('a', row(1));
    await theirs.put('b', row(2));
    await theirs.flush();
    expect(await mine.merge(there)).toBe(1);
    expect([...(await (await open(here)).get('b'))]).toEqual([...row(2)]);

    await theirs.put('c', row(3));
    await theirs.flush();
    const shard = join(theirs.directory!, (await readdir(theirs.directory!)).sort().at(-1)!);
    const bytes = await readFile(shard);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(shard, bytes);
    expect(await messageOf(mine.merge(there))).toMatch(
      /: is damaged \(its rows do not match its SHA-256\)\. Copy or compute it again$/,
    );
  });

  it('rejects rows of the wrong length, values that are not finite, and unknown keys', async () => {
    const store = await open('memory');
    await store.put('a', row(1));
    expect(await messageOf(store.put('b', Float32Array.of(1)))).toBe('features: a row must have 3 values, got 1');
    expect(await messageOf(store.put('b', Float32Array.of(1, Number.NaN, 2)))).toBe(
      'features: value 1 of a row must be a finite number, got NaN',
    );
    expect(await messageOf(store.get('z'))).toBe('features: no row has the key "z". Compute it first');
  });
});

describe('extractFeatures', () => {
  const compute = async (requests: readonly { image: { pixels: Uint8Array }; augmentation: unknown }[]) =>
    Float32Array.from(requests.flatMap(r => [r.image.pixels[0]!, JSON.stringify(r.augmentation).length]));

  async function pictures(n: number): Promise<string[]> {
    const folder = await newFolder();
    await mkdir(folder, { recursive: true });
    return Promise.all(
      Array.from({ length: n }, async (_, i) => {
        const path = join(folder, `${i}.png`);
        const pixels = Uint8Array.of(i, i, i);
        await sharp(pixels, { raw: { width: 1, height: 1, channels: 3 } }).toFile(path);
        return path;
      }),
    );
  }

  it('computes each image once, and opens no image in a second run', async () => {
    const [root, paths] = [await newFolder(), await pictures(10)];
    const first = await extractFeatures({ paths, store: await open(root), compute, batchSize: 4 });
    expect([first.computed, first.decoded, first.skipped]).toEqual([10, 10, []]);
    const store = await open(root);
    const second = await extractFeatures({ paths: [...paths].reverse(), store, compute });
    expect([second.computed, second.decoded]).toEqual([0, 0]);
    const values = await store.getMany(second.keys.map(keys => keys![0]!));
    expect([...values].filter((_, i) => i % 2 === 0)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it('decodes a touched file again, but computes nothing for the same pixels', async () => {
    const [root, paths] = [await newFolder(), await pictures(3)];
    await extractFeatures({ paths, store: await open(root), compute });
    await utimes(paths[1]!, new Date(0), new Date(1000));
    const copy = `${paths[0]}.copy.png`;
    await copyFile(paths[0]!, copy);
    const again = await extractFeatures({ paths: [...paths, copy], store: await open(root), compute });
    expect([again.computed, again.decoded]).toEqual([0, 2]);
  });

  it('computes a row for each augmentation', async () => {
    const [store, paths] = [await open('memory'), await pictures(3)];
    const augmentations = [null, { copy: 1 }];
    const { keys, computed } = await extractFeatures({ paths, store, compute, augmentations, batchSize: 4 });
    expect([computed, keys.map(k => k!.length)]).toEqual([6, [2, 2, 2]]);
    expect([...(await store.getMany(keys[2]!))]).toEqual([2, 4, 2, 10]);
  });

  it('lists broken files and reports progress up to the end', async () => {
    const paths = await pictures(3);
    await writeFile(paths[1]!, 'text');
    const done: number[] = [];
    const { keys, skipped } = await extractFeatures({
      paths: [...paths, join(paths[0]!, '..', 'missing.png')],
      store: await open('memory'),
      compute,
      onProgress: progress => done.push(progress.done),
    });
    expect(keys.map(k => k !== undefined)).toEqual([true, false, true, false]);
    expect(skipped.map(({ path }) => basename(path))).toEqual(['1.png', 'missing.png']);
    expect(done.at(-1)).toBe(4);
  });

  it('keeps computed rows when it is interrupted', async () => {
    const [root, paths] = [await newFolder(), await pictures(8)];
    const controller = new AbortController();
    let calls = 0;
    const failing: typeof compute = async requests => {
      if (++calls === 3) controller.abort(new Error('Ctrl-C'));
      return compute(requests);
    };
    const run = extractFeatures({
      paths,
      store: await open(root),
      compute: failing,
      batchSize: 2,
      signal: controller.signal,
    });
    expect(await messageOf(run)).toBe('Ctrl-C');
    const resumed = await extractFeatures({ paths, store: await open(root), compute });
    expect(resumed.computed).toBeLessThanOrEqual(2);
  });

  it('keeps two batches in flight, and starts a shorter one only after they finish', async () => {
    const sizes: number[] = [];
    let [running, most] = [0, 0];
    const slow: typeof compute = async requests => {
      most = Math.max(most, ++running);
      sizes.push(requests.length);
      if (requests.length === 1) expect(running).toBe(1);
      await new Promise(resolve => setTimeout(resolve, 20));
      running--;
      return compute(requests);
    };
    const store = await open('memory');
    const { keys } = await extractFeatures({ paths: await pictures(7), store, compute: slow, batchSize: 2 });
    expect([sizes, most]).toEqual([[2, 2, 2, 1], 2]);
    const values = await store.getMany(keys.map(ofImage => ofImage![0]!));
    expect([...values].filter((_, i) => i % 2 === 0)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('makes smaller batches of large images', async () => {
    const folder = await newFolder();
    await mkdir(folder, { recursive: true });
    const paths = ['a.png', 'b.png', 'c.png'].map(name => join(folder, name));
    for (const [i, path] of paths.entries())
      await sharp({ create: { width: 2500, height: 2400, channels: 3, background: { r: i, g: 0, b: 0 } } }).toFile(
        path,
      );
    const sizes: number[] = [];
    const counted: typeof compute = requests => {
      sizes.push(requests.length);
      return compute(requests);
    };
    await extractFeatures({ paths, store: await open('memory'), compute: counted, batchSize: 32 });
    expect(sizes).toEqual([2, 1]); // 18 MB each
  });

  it('hashes pixels together with the image size', async () => {
    const pixels = new Uint8Array(6);
    expect(await hashPixels({ width: 2, height: 1, pixels })).not.toBe(
      await hashPixels({ width: 1, height: 2, pixels }),
    );
  });
});
