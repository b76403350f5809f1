import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ImageLoader } from '../../src/data/loader.ts';
import { InputError } from '../../src/errors/index.ts';
import { messageOf, useTemporaryFolders } from '../platform/helpers.ts';

const newFolder = useTemporaryFolders();

/** A 1-pixel image with this grey value. */
const pixel = (grey: number) =>
  sharp(Uint8Array.of(grey, grey, grey), { raw: { width: 1, height: 1, channels: 3 } })
    .png()
    .toBuffer();

const names = (n: number) => Array.from({ length: n }, (_, i) => `${i}.png`);
const numbered = async (path: string) => pixel(Number.parseInt(path, 10));

describe('ImageLoader', () => {
  it('yields the images in the requested order, with their indices', async () => {
    const loader = new ImageLoader(names(10), { order: Uint32Array.of(3, 1, 9, 0), read: numbered });
    const seen: number[][] = [];
    for await (const { index, image } of loader) seen.push([index, image.pixels[0]!]);
    expect(seen).toEqual([
      [3, 3],
      [1, 1],
      [9, 9],
      [0, 0],
    ]);
  });

  it('counts equal notes, and names the first image of each', async () => {
    const loader = new ImageLoader(names(5), { read: async path => pixel(Number.parseInt(path, 10) < 3 ? 0 : 9) });
    for await (const { path } of loader) if (path === '4.png') loader.skip(path, new InputError('image: is too large'));
    expect(loader.notes.list()).toEqual([
      { note: 'is nearly constant (0 to 0 of 255)', images: 3, example: '0.png' },
      { note: 'is nearly constant (9 to 9 of 255)', images: 2, example: '3.png' },
    ]);
    expect(loader.skipped).toEqual([{ path: '4.png', reason: 'is too large' }]);
  });

  it('yields batches, of which the last may be shorter', async () => {
    const sizes: number[][] = [];
    for await (const batch of new ImageLoader(names(7), { read: numbered }).batches(3)) {
      sizes.push(batch.map(loaded => loaded.index));
    }
    expect(sizes).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  });

  it('skips and lists broken files, without gaps in the batches', async () => {
    const folder = await newFolder();
    const paths = ['good.png', 'empty.png', 'text.jpeg', 'missing.png', 'fine.png'].map(name => join(folder, name));
    await writeFile(paths[0]!, await pixel(1));
    await writeFile(paths[1]!, '');
    await writeFile(paths[2]!, 'not a picture');
    await writeFile(paths[4]!, await pixel(2));
    const loader = new ImageLoader(paths);
    const batches = [];
    for await (const batch of loader.batches(2)) batches.push(batch.map(loaded => loaded.index));
    expect(batches).toEqual([[0, 4]]);
    expect(loader.skipped).toEqual([
      { path: paths[1], reason: 'is empty. Download or copy it again' },
      { path: paths[2], reason: expect.stringMatching(/^is not an image that can be decoded/) },
      { path: paths[3], reason: 'does not exist. Check the path' },
    ]);
  });

  it('keeps no more than `ahead` images waiting', async () => {
    let reading = 0;
    let yielded = 0;
    let most = 0;
    const read = async (path: string) => {
      reading++;
      most = Math.max(most, reading - yielded);
      return numbered(path);
    };
    for await (const _ of new ImageLoader(names(40), { ahead: 3, read })) yielded++;
    expect([reading, yielded]).toEqual([40, 40]);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('keeps fewer images waiting if they are large', async () => {
    const large = await sharp({ create: { width: 2500, height: 2600, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    let [reading, yielded, most] = [0, 0, 0];
    const read = async () => {
      reading++;
      most = Math.max(most, reading - yielded);
      return large;
    };
    for await (const _ of new ImageLoader(names(9), { ahead: 9, read })) yielded++;
    expect(yielded).toBe(9);
    expect(most).toBeLessThanOrEqual(5); // four of 20 MB; one more is counted before it is yielded
  });

  it('stops reading when the consumer leaves the loop', async () => {
    let reading = 0;
    const read = (path: string) => {
      reading++;
      return numbered(path);
    };
    for await (const { index } of new ImageLoader(names(100), { ahead: 4, read })) if (index === 5) break;
    expect(reading).toBeLessThanOrEqual(10);
  });

  it('stops with the signal’s reason', async () => {
    const controller = new AbortController();
    const run = async () => {
      const loader = new ImageLoader(names(100), { signal: controller.signal, read: numbered });
      for await (const { index } of loader) if (index === 4) controller.abort(new Error('enough'));
    };
    expect(await messageOf(run())).toBe('enough');
  });

  it('rethrows errors that the image did not cause', async () => {
    const read = async () => {
      throw new TypeError('a bug');
    };
    const run = async () => {
      for await (const _ of new ImageLoader(names(2), { read })) expect.unreachable();
    };
    expect(await messageOf(run())).toBe('a bug');
  });
});
