import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../src/data/image_folder.ts';
import { pickedFolder } from '../../src/data/picked_files.ts';
import { holdOut, trainingFolders } from '../../src/data/training_folders.ts';

const FILES = [
  'train/b/2.png',
  'train/b/10.PNG',
  'train/b/deep/1.jpeg',
  'train/a/x.tif',
  'train/a/notes.txt',
  'train/a/._x.tif',
  'Test/a/1.png',
  'Test/b/1.png',
  '__MACOSX/train/a/1.png',
];

function picked(paths: readonly string[]) {
  return openDataset('xrays', pickedFolder(paths.map(path => `xrays/${path}`)));
}

describe('pickedFolder', () => {
  it('is read by the same rules as a folder on disk', async () => {
    const root = await mkdtemp(join(tmpdir(), 'raycam-picked-'));
    try {
      for (const path of FILES) {
        await mkdir(join(root, dirname(path)), { recursive: true });
        await writeFile(join(root, path), '');
      }
      const [onDisk, inPage] = [await openDataset(root), await picked(FILES)];
      const relative = JSON.stringify(onDisk).replaceAll(root, 'xrays');
      expect(JSON.parse(JSON.stringify(inPage))).toEqual(JSON.parse(relative));
      expect(inPage.splits.train!.images.map(({ path }) => path)).toEqual([
        'xrays/train/a/x.tif',
        'xrays/train/b/10.PNG',
        'xrays/train/b/2.png',
        'xrays/train/b/deep/1.jpeg',
      ]);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  it('says what is wrong with the picked files', async () => {
    await expect(picked(['1.png'])).rejects.toThrow(
      'xrays: contains no folders, expected one per class. Sort the images into folders',
    );
    await expect(picked(['NORMAL/1.png'])).rejects.toThrow(
      'xrays: contains only one class (NORMAL), expected at least two',
    );
    await expect(openDataset('xrays', pickedFolder([]))).rejects.toThrow(
      'xrays: does not exist among the picked files',
    );
  });
});

describe('trainingFolders', () => {
  it('selects by val, or by test if there is no val', async () => {
    const of = (split: string) => [`${split}/a/1.png`, `${split}/b/1.png`];
    const both = trainingFolders(await picked([...of('train'), ...of('test')]));
    expect([both.valName, both.val.images[0]!.path, both.test]).toEqual(['test', 'xrays/test/a/1.png', undefined]);
    const three = trainingFolders(await picked([...of('train'), ...of('val'), ...of('test')]));
    expect([three.valName, three.val.images[0]!.path]).toEqual(['val', 'xrays/val/a/1.png']);
    expect(three.test!.images[0]!.path).toBe('xrays/test/a/1.png');
    const alone = await picked(of('train'));
    expect(() => trainingFolders(alone)).toThrow(
      'xrays: must contain a train folder and a val or test folder, got train. Put one folder per class into each',
    );
  });
});

describe('holdOut', () => {
  it('holds out every fifth image of each class, and the last image of a smaller class', async () => {
    const names = ['0', '1', '2', '3', '4', '5', '6'].map(name => `a/${name}.png`);
    const { splits } = await picked([...names, 'b/0.png', 'b/1.png']);
    const { train, val, valName } = holdOut(splits.all!);
    expect(valName).toBe('held out');
    expect(val.images.map(({ path }) => path)).toEqual(['xrays/a/4.png', 'xrays/b/1.png']);
    expect(train.images.length).toBe(7);
    const { splits: single } = await picked(['a/0.png', 'a/1.png', 'b/0.png']);
    expect(() => holdOut(single.all!)).toThrow('xrays: the class "b" needs at least 2 images, got 1. Add images');
  });
});
