import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../src/data/image_folder.ts';
import { patientOf } from '../../src/data/patient_of.ts';
import { pickedFolder } from '../../src/data/picked_files.ts';
import { trainingFolders } from '../../src/data/training_folders.ts';

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

describe('the names of splits', () => {
  it('are recognised in any case and by their common variants', async () => {
    const of = (split: string) => [`${split}/a/1.png`, `${split}/b/1.png`];
    for (const [train, val, test] of [
      ['Training', 'Validation', 'Testing'],
      ['TRAIN', 'valid', 'Test'],
      ['train', 'dev', 'testing'],
      ['training', 'Development', 'TEST'],
      ['Train', 'validate', 'test'],
    ] as const) {
      const { splits } = await picked([...of(train), ...of(val), ...of(test)]);
      const roots = [splits.train, splits.val, splits.test].map(split => split!.root);
      expect(roots).toEqual([train, val, test].map(name => `xrays/${name}`));
    }
  });

  it('rejects two folders for one split', async () => {
    const of = (split: string) => [`${split}/a/1.png`, `${split}/b/1.png`];
    await expect(picked([...of('train'), ...of('Training')])).rejects.toThrow(
      'xrays: has two folders for the split "train" (Training, train). Keep one of them',
    );
  });

  it('takes folders named after members of objects as classes', async () => {
    const { classes } = await picked(['constructor/x/1.png', 'toString/x/1.png']);
    expect(classes).toEqual(['constructor', 'toString']);
  });
});

describe('patientOf', () => {
  const rows: [path: string, patient: string | undefined][] = [
    ['PNEUMONIA/person123_bacteria_4.jpeg', 'person123'],
    ['PNEUMONIA/person7_virus_11.jpeg', 'person7'],
    ['NORMAL/IM-0115-0001.jpeg', 'im-0115'],
    ['NORMAL/IM-0656-0001-0002.jpeg', 'im-0656'],
    ['NORMAL/NORMAL2-IM-0373-0001.jpeg', 'im-0373'],
    ['NORMAL/NORMAL-1003233-0001.jpeg', '1003233'],
    ['PNEUMONIA/BACTERIA-1008087-0002.jpeg', '1008087'],
    ['Effusion/00000013_005.png', '00000013'],
    ['sick/patient00001/study1/view1_frontal.jpg', 'patient00001'],
    ['sick/p10000032/s50414267/02aa804e.jpg', 'p10000032'],
    ['COVID/covid_12.png', undefined],
    ['COVID/scan-1.png', undefined],
    ['COVID/IM-0115.png', undefined],
    ['COVID/person.png', undefined],
    ['COVID/personal_photo_1.png', undefined],
    ['COVID/20200101_001234.png', undefined],
  ];
  for (const [path, patient] of rows)
    it(`returns ${patient} for ${path}`, () => {
      expect(patientOf(path)).toBe(patient);
    });
});

describe('a folder without splits', () => {
  const files = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));

  it('holds out a fifth of each class, and another fifth for another seed', async () => {
    const dataset = await picked([
      ...files(20, i => `a/a${i}.png`),
      ...files(7, i => `b/b${i}.png`),
      'c/1.png',
      'c/2.png',
    ]);
    const { train, val, valName, note } = trainingFolders(dataset, 0);
    const perClass = (of: typeof val) =>
      of.classes.map((_, k) => of.images.filter(({ classIndex }) => classIndex === k).length);
    expect([perClass(train), perClass(val)]).toEqual([
      [16, 6, 1],
      [4, 1, 1],
    ]);
    expect(valName).toBe('held out');
    expect(note).toBe(
      'xrays: has no train and val folders, so 6 of 29 images are held out to select the best epoch. The names of the files do not tell which images show the same patient',
    );
    const pathsOf = (seed: number) => trainingFolders(dataset, seed).val.images.map(({ path }) => path);
    expect(pathsOf(0)).toEqual(val.images.map(({ path }) => path));
    expect(pathsOf(1)).not.toEqual(pathsOf(0));
    expect([...train.images, ...val.images].map(({ path }) => path).sort()).toEqual(
      dataset.splits.all!.images.map(({ path }) => path).sort(),
    );
  });

  it('never puts a patient on both sides, also one with images in two classes', async () => {
    const dataset = await picked([
      ...files(40, i => `NORMAL/IM-${1000 + (i % 13)}-${i}.jpeg`),
      ...files(60, i => `PNEUMONIA/person${i % 17}_virus_${i}.jpeg`),
      ...files(30, i => `OTHER/person${i % 17}_bacteria_${i}.jpeg`),
    ]);
    for (let seed = 0; seed < 30; seed++) {
      const { train, val, note } = trainingFolders(dataset, seed);
      const patients = (of: typeof val) => new Set(of.images.map(({ path }) => patientOf(path)));
      const held = patients(val);
      expect([...patients(train)].filter(patient => held.has(patient))).toEqual([]);
      for (const [k, most] of [8, 6, 12].entries()) {
        const count = val.images.filter(({ classIndex }) => classIndex === k).length;
        expect(count).toBeGreaterThan(0);
        expect(count).toBeLessThanOrEqual(most);
      }
      expect(note).toBe(
        `xrays: has no train and val folders, so ${val.images.length} of 130 images are held out to select the best epoch: those of ${held.size} of 30 patients, by the names of the files`,
      );
    }
  });

  it('holds out a patient with more than a fifth of a class rather than none', async () => {
    const { train, val } = trainingFolders(
      await picked([...files(9, i => `a/person${i % 2}_virus_${i}.png`), ...files(10, i => `b/b${i}.png`)]),
    );
    const ofA = (of: typeof val) => of.images.filter(({ classIndex }) => classIndex === 0).length;
    expect([ofA(train), ofA(val)]).toEqual([5, 4]);
  });

  it('rejects a class whose images are all of one patient', async () => {
    const message = (name: string) =>
      `xrays: the class "${name}" needs images of at least 2 patients, so that one can be held out. Add images, or sort the images into train and val folders`;
    const single = await picked(['a/0.png', 'a/1.png', 'b/0.png']);
    expect(() => trainingFolders(single)).toThrow(message('b'));
    const one = await picked([...files(9, i => `a/person1_virus_${i}.png`), 'b/0.png', 'b/1.png']);
    expect(() => trainingFolders(one)).toThrow(message('a'));
  });
});
