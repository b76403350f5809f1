import { describe, expect, it } from 'vitest';
import { labelledSetAround } from '../../src/data/labelled_folder.ts';
import { pickedFolder } from '../../src/data/picked_files.ts';

/** Returns the set around a folder of a file system that consists of these files. */
function around(path: string, files: readonly string[]) {
  return labelledSetAround(`/home/${path}`, pickedFolder(files.map(file => `/home/${file}`)));
}

const SET = ['set/train/NORMAL/1.png', 'set/train/SICK/1.png', 'set/test/NORMAL/2.png', 'set/test/SICK/2.png'];

describe('labelledSetAround', () => {
  const train = { root: '/home/set/train', folders: ['NORMAL', 'SICK'] };
  const inSet: [why: string, path: string][] = [
    ['the folder of a class', 'set/train/NORMAL'],
    ['a new folder among the classes', 'set/train/maps'],
    ['the folder that contains the classes', 'set/train'],
    ['a folder in a class', 'set/train/SICK/maps'],
    ['a deep folder in a class', 'set/train/SICK/maps/new'],
  ];
  for (const [why, path] of inSet)
    it(`finds the set for ${why}`, async () => {
      expect(await around(path, SET)).toEqual(train);
    });

  it('finds the set for the folder that contains the splits', async () => {
    expect(await around('set', SET)).toEqual({ root: '/home/set', folders: ['test'] });
  });

  it('finds a set without splits, and classes with a folder per patient', async () => {
    const flat = ['flat/a/p1/1.png', 'flat/b/1.jpeg', 'flat/c/1.tif'];
    expect(await around('flat/a', flat)).toEqual({ root: '/home/flat', folders: ['a', 'b', 'c'] });
    expect(await around('flat', flat)).toEqual({ root: '/home/flat', folders: ['a', 'b', 'c'] });
  });

  const outside: [why: string, path: string, files: readonly string[]][] = [
    ['a folder beside the splits', 'set/maps', SET],
    ['a folder beside the set', 'maps', SET],
    ['a folder with images and no classes', 'rays', ['rays/1.png', 'rays/2.png']],
    [
      'a folder of images beside folders without any',
      'work/rays',
      ['work/rays/1.png', 'work/more/1.png', 'work/src/x.ts'],
    ],
    ['a folder whose only neighbour has images', 'work/maps', ['work/rays/1.png']],
    ['folders that contain only pictures of cam', 'out', ['out/a/1.cam.png', 'out/b/1.cam.png']],
    ['a folder that does not exist', 'new', []],
  ];
  for (const [why, path, files] of outside)
    it(`finds none for ${why}`, async () => {
      expect(await around(path, files)).toBeUndefined();
    });
});
