import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkClasses, openDataset, openImageFolder } from '../../src/data/image_folder.ts';
import { listImages } from '../../src/data/list_images.ts';
import { dicomFile } from '../dicom/build.ts';
import { messageOf, useTemporaryFolders } from '../platform/helpers.ts';

const newFolder = useTemporaryFolders();

/** A folder that contains these files. A name that ends in a slash is an empty folder. */
async function tree(...paths: string[]): Promise<string> {
  const root = await newFolder();
  for (const path of paths) {
    await mkdir(join(root, path.endsWith('/') ? path : dirname(path)), { recursive: true });
    if (!path.endsWith('/')) await writeFile(join(root, path), '');
  }
  return root;
}

describe('openImageFolder', () => {
  it('sorts classes and images as torchvision does: folder by folder', async () => {
    const root = await tree('b/2.png', 'b/10.PNG', 'b/a/9.jpeg', 'B/x.jpg', 'a.b/z.webp', 'a/c.tif', 'a/notes.txt');
    const { classes, images } = await openImageFolder(root);
    expect(classes).toEqual(['B', 'a', 'a.b', 'b']);
    expect(images.map(({ path, classIndex }) => [path.slice(root.length + 1), classIndex])).toEqual([
      ['B/x.jpg', 0],
      ['a/c.tif', 1],
      ['a.b/z.webp', 2],
      ['b/10.PNG', 3],
      ['b/2.png', 3],
      ['b/a/9.jpeg', 3],
    ]);
  });

  it('lists every format of torchvision, and counts what it passes over', async () => {
    const root = await tree(
      ...['a/1.bmp', 'a/2.pgm', 'a/3.PPM', 'a/4.webp', 'b/1.tif', 'b/2.jpg'],
      ...['a/x.csv', 'b/y.csv', 'b/deep/z.npy', 'b/README', 'b/.hidden.csv'],
    );
    const { splits, passedOver } = await openDataset(root);
    expect(splits.all!.images.map(({ path }) => path.slice(root.length + 1))).toEqual([
      ...['a/1.bmp', 'a/2.pgm', 'a/3.PPM', 'a/4.webp', 'b/1.tif', 'b/2.jpg'],
    ]);
    expect(passedOver.describe()).toBe(
      'passed over 4 files that are not images by their names (2 .csv, 1 .npy, 1 without an extension)',
    );
  });

  it('finds DICOM files by their extension, and without one by their first bytes', async () => {
    const root = await tree('a/1.dcm', 'a/2.DICOM', 'a/IM0001', 'a/README', 'b/1.png');
    await writeFile(
      join(root, 'a/IM0001'),
      dicomFile({ rows: 1, columns: 1, bits: [8, 8], pixels: new Uint8Array(2) }),
    );
    const { splits, passedOver } = await openDataset(root);
    expect(splits.all!.images.map(({ path }) => path.slice(root.length + 1))).toEqual([
      ...['a/1.dcm', 'a/2.DICOM', 'a/IM0001', 'b/1.png'],
    ]);
    expect(passedOver.describe()).toBe('passed over 1 file that is not an image by its name (1 without an extension)');
  });

  it('has nothing to say about a folder of images', async () => {
    const { passedOver } = await openDataset(await tree('a/1.png', 'b/1.png'));
    expect(passedOver.describe()).toBeUndefined();
  });

  it('ignores hidden files and what macOS leaves in archives', async () => {
    const root = await tree('a/1.png', 'a/._1.png', 'b/1.png', '.cache/1.png', '__MACOSX/1.png', 'a/.DS_Store');
    const { classes, images } = await openImageFolder(root);
    expect([classes, images.length]).toEqual([['a', 'b'], 2]);
  });

  it('follows links, lists broken ones, and does not hang on cycles', async () => {
    const root = await tree('a/1.png', 'b/1.png', 'elsewhere/deep/2.png');
    await symlink(join(root, 'a'), join(root, 'a', 'again'));
    await symlink(root, join(root, 'b', 'up'));
    await symlink(join(root, 'nowhere'), join(root, 'a', 'broken.png'));
    const { images } = await openImageFolder(root);
    const ofA = images.filter(image => image.classIndex === 0).map(image => image.path.slice(root.length + 1));
    expect(ofA).toEqual(['a/1.png', 'a/broken.png']);
  });

  it('says what is wrong with a folder', async () => {
    const missing = join(await newFolder(), 'xrays');
    expect(await messageOf(openImageFolder(missing))).toBe(`${missing}: does not exist. Check the path`);
    const bare = await tree('1.png');
    expect(await messageOf(openImageFolder(bare))).toBe(
      `${bare}: contains no folders, expected one per class. Sort the images into folders`,
    );
    const single = await tree('NORMAL/1.png');
    expect(await messageOf(openImageFolder(single))).toMatch(
      /: contains only one class \(NORMAL\), expected at least two\. Name the folder that contains \S+, or add a class$/,
    );
    const nested = await tree('chest_xray/a/1.png', 'chest_xray/b/1.png');
    expect(await messageOf(openImageFolder(nested))).toBe(
      `${nested}: contains only one folder (chest_xray), expected one per class. Try ${nested}/chest_xray`,
    );
    const empty = await tree('a/1.png', 'b/', 'c/notes.txt');
    expect(await messageOf(openImageFolder(empty))).toBe(
      `${empty}: has 2 classes without images (b, c). Add images or remove the folder`,
    );
    const none = await tree('a/', 'b/x.txt');
    expect(await messageOf(openImageFolder(none))).toBe(
      `${none}: contains no images (in a, b). The name of an image must end in .jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp, .gif, .avif, .dcm, .dicom`,
    );
  });
});

describe('openDataset', () => {
  it('recognises the usual names of splits', async () => {
    const root = await tree(
      'train/a/1.png',
      'train/b/1.png',
      'Valid/a/2.png',
      'Valid/b/2.png',
      'test/a/3.png',
      'test/b/3.png',
    );
    const { classes, splits } = await openDataset(root);
    expect(classes).toEqual(['a', 'b']);
    expect(Object.keys(splits)).toEqual(['train', 'val', 'test']);
    expect(splits.val?.images.map(image => [image.path.slice(root.length + 1), image.split])).toEqual([
      ['Valid/a/2.png', 'val'],
      ['Valid/b/2.png', 'val'],
    ]);
  });

  it('opens a folder without splits as the split `all`', async () => {
    const root = await tree('bus/1.png', 'train/1.png');
    const { classes, splits } = await openDataset(root);
    expect([classes, Object.keys(splits)]).toEqual([['bus', 'train'], ['all']]);
  });

  it('rejects splits with different classes, and two folders for one split', async () => {
    const root = await tree('train/a/1.png', 'train/b/1.png', 'test/a/1.png', 'test/c/1.png');
    expect(await messageOf(openDataset(root))).toBe(
      `${root}/test: the classes are a, c but those of ${root}/train are a, b. Rename the folders so that they match`,
    );
    const twice = await tree('val/a/1.png', 'val/b/1.png', 'valid/a/1.png', 'valid/b/1.png');
    expect(await messageOf(openDataset(twice))).toBe(
      `${twice}: has two folders for the split "val" (val, valid). Keep one of them`,
    );
  });

  it('compares classes with those of a head', async () => {
    const root = await tree('a/1.png', 'b/1.png');
    const folder = await openImageFolder(root);
    expect(() => checkClasses(folder, ['a', 'b'], 'those of the head')).not.toThrow();
    expect(() => checkClasses(folder, ['b', 'a'], 'those of the head')).toThrow(
      'the classes are a, b but those of the head are b, a. Rename the folders so that they match',
    );
  });
});

describe('listImages', () => {
  it('lists a flat folder', async () => {
    const root = await tree('2.png', '1.png', 'sub/0.png', 'x.csv');
    expect((await listImages(root)).map(path => path.slice(root.length))).toEqual(['/1.png', '/2.png', '/sub/0.png']);
  });

  it('lists thousands of files quickly', async () => {
    const root = await tree('a/');
    const names = Array.from({ length: 3000 }, (_, i) => `${i}.png`);
    await Promise.all(names.map(name => writeFile(join(root, 'a', name), '')));
    const start = performance.now();
    expect(await listImages(root)).toHaveLength(3000);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
