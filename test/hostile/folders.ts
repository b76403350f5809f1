import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openDataset } from '../../src/data/image_folder.ts';
import { listImages } from '../../src/data/list_images.ts';
import { ImageLoader } from '../../src/data/loader.ts';
import type { HostileCase } from './case.ts';

const XRAY = fileURLToPath(
  new URL('../../sample/chest_xray/test/PNEUMONIA/person133_bacteria_635.jpeg', import.meta.url),
);

/** Returns the number of images, how many of them decode, and the names of the others. */
async function decodeAll(folder: string): Promise<{ listed: number; decoded: number; skipped: string[] }> {
  const paths = await listImages(folder);
  const loader = new ImageLoader(paths);
  let decoded = 0;
  for await (const _ of loader) decoded++;
  return {
    listed: paths.length,
    decoded,
    skipped: loader.skipped.map(({ path }) => path.slice(folder.length + 1)).sort(),
  };
}

async function classesOf(folder: string): Promise<readonly string[]> {
  return (await openDataset(folder)).classes;
}

function folder(
  name: string,
  fill: (folder: string) => void,
  value: unknown,
  use = decodeAll as (f: string) => Promise<unknown>,
): HostileCase {
  const make = (path: string) => {
    fill(path);
    return path;
  };
  return { kind: 'folders', name, make, use, expected: value instanceof RegExp ? value : { value } };
}

/** Few enough for a test that runs often. scripts/hostile.mjs uses 50,000. */
const ENTRIES = Number(process.env.RAYCAM_HOSTILE_ENTRIES ?? 5000);

const all = (count: number) => ({ listed: count, decoded: count, skipped: [] });
const xray = (path: string) => copyFileSync(XRAY, path);

/** Names that cause trouble in a shell, a terminal or a path. */
const ODD_NAMES = [
  '-rf.jpeg',
  '--help.jpeg',
  ' .jpeg',
  'a b.jpeg',
  "'.jpeg",
  '".jpeg',
  '$(touch x).jpeg',
  '`touch x`.jpeg',
  'a;b.jpeg',
  'a\nb.jpeg',
  'a\tb.jpeg',
  '\u001b[31mred.jpeg',
  '\u202egpj.jpeg',
  'é.jpeg',
  'e\u0301.jpeg',
  '日本.jpeg',
  '😀.jpeg',
  '%2e%2e.jpeg',
  '__proto__.jpeg',
  'constructor.jpeg',
  'CON.jpeg',
  `${'x'.repeat(250)}.jpg`,
  'X.JPEG',
];

export const FOLDERS: readonly HostileCase[] = [
  folder(
    'a link to the folder itself',
    path => {
      xray(`${path}/a.jpeg`);
      symlinkSync(path, `${path}/loop`);
    },
    all(1),
  ),
  folder(
    'two links to each other',
    path => {
      mkdirSync(`${path}/a`);
      mkdirSync(`${path}/b`);
      symlinkSync(`${path}/b`, `${path}/a/b`);
      symlinkSync(`${path}/a`, `${path}/b/a`);
      xray(`${path}/a/x.jpeg`);
    },
    all(1),
  ),
  folder(
    'a link to its own name',
    path => {
      symlinkSync('x.jpeg', `${path}/x.jpeg`);
    },
    { listed: 1, decoded: 0, skipped: ['x.jpeg'] },
  ),
  folder(
    `${ENTRIES} files, one of them an image`,
    path => {
      execFileSync('bash', ['-c', 'cd "$1" && seq -f "f%.0f.txt" "$2" | xargs touch', '-', path, `${ENTRIES}`]);
      xray(`${path}/x.jpeg`);
    },
    all(1),
  ),
  folder(
    `${ENTRIES} names of images`,
    path => {
      execFileSync('bash', ['-c', 'cd "$1" && seq -f "f%.0f.jpeg" "$2" | xargs touch', '-', path, `${ENTRIES}`]);
    },
    ENTRIES,
    async path => (await listImages(path)).length,
  ),
  folder(
    '1,000 nested folders',
    path => {
      const deep = `${path}${'/d'.repeat(1000)}`;
      mkdirSync(deep, { recursive: true });
      xray(`${deep}/x.jpeg`);
    },
    all(1),
  ),
  folder(
    '3,000 folders side by side',
    path => {
      for (let i = 0; i < 3000; i++) mkdirSync(`${path}/${i}`);
      xray(`${path}/7/x.jpeg`);
    },
    all(1),
  ),
  folder(
    'names that cause trouble in a shell',
    path => {
      for (const name of ODD_NAMES) xray(`${path}/${name}`);
    },
    all(ODD_NAMES.length),
  ),
  folder(
    'a name that is not UTF-8',
    path => {
      execFileSync('bash', ['-c', 'cp "$1" "$2/"$\'\\xff\\xfe.jpeg\'', '-', XRAY, path]);
    },
    { listed: 1, decoded: 0, skipped: ['\ufffd\ufffd.jpeg'] },
  ),
  folder(
    'a pipe, a socket and devices among images',
    path => {
      xray(`${path}/a.jpeg`);
      execFileSync('mkfifo', [`${path}/pipe.jpeg`]);
      symlinkSync('/dev/zero', `${path}/zero.jpeg`);
      symlinkSync('/dev/full', `${path}/full.jpeg`);
      symlinkSync('/dev/tty', `${path}/tty.jpeg`);
    },
    { listed: 5, decoded: 1, skipped: ['full.jpeg', 'pipe.jpeg', 'tty.jpeg', 'zero.jpeg'] },
  ),
  folder(
    'broken files among good ones',
    path => {
      for (const name of ['a', 'c', 'e']) xray(`${path}/${name}.jpeg`);
      writeFileSync(`${path}/b.jpeg`, '');
      writeFileSync(`${path}/d.jpeg`, 'no image');
    },
    { listed: 5, decoded: 3, skipped: ['b.jpeg', 'd.jpeg'] },
  ),
  folder(
    'a folder named like an image',
    path => {
      mkdirSync(`${path}/x.jpeg`);
      xray(`${path}/x.jpeg/y.jpeg`);
    },
    all(1),
  ),
  folder(
    'files that other systems leave behind',
    path => {
      xray(`${path}/a.jpeg`);
      for (const name of ['._a.jpeg', '.hidden.jpeg', 'Thumbs.db', 'desktop.ini'])
        writeFileSync(`${path}/${name}`, 'x');
      mkdirSync(`${path}/__MACOSX`);
      writeFileSync(`${path}/__MACOSX/b.jpeg`, 'x');
    },
    all(1),
  ),
  folder(
    'no permission',
    path => {
      // Root may read any folder. A path below a file stands in for a folder that cannot be listed.
      writeFileSync(`${path}/file`, '');
    },
    /a part of this path is a file/,
    path => listImages(`${path}/file/below`),
  ),
  folder(
    'classes named like prototypes',
    path => {
      for (const name of ['__proto__', 'constructor', 'toString']) {
        mkdirSync(`${path}/${name}`);
        xray(`${path}/${name}/x.jpeg`);
      }
    },
    ['__proto__', 'constructor', 'toString'],
    classesOf,
  ),
  folder(
    'one class',
    path => {
      mkdirSync(`${path}/a`);
      xray(`${path}/a/x.jpeg`);
    },
    /contains only one class \(a\)/,
    classesOf,
  ),
  folder(
    'a class without images',
    path => {
      for (const name of ['a', 'b']) mkdirSync(`${path}/${name}`);
      xray(`${path}/a/x.jpeg`);
    },
    /has 1 class without images \(b\)/,
    classesOf,
  ),
  folder('an empty folder', () => {}, /contains no folders, expected one per class/, classesOf),
  folder(
    'splits whose classes differ',
    path => {
      for (const name of ['train/a', 'train/b', 'test/a', 'test/c']) {
        mkdirSync(`${path}/${name}`, { recursive: true });
        xray(`${path}/${name}/x.jpeg`);
      }
    },
    /the classes are a, c but those of \S+ are a, b/,
    classesOf,
  ),
  folder(
    '2,000 classes',
    path => {
      for (let i = 0; i < 2000; i++) {
        mkdirSync(`${path}/c${i}`);
        writeFileSync(`${path}/c${i}/x.jpeg`, '');
      }
    },
    2000,
    async path => (await classesOf(path)).length,
  ),
  folder(
    'a file instead of a folder',
    path => {
      writeFileSync(`${path}/x`, '');
    },
    /a part of this path is a file/,
    path => classesOf(`${path}/x`),
  ),
  folder(
    'a missing folder',
    () => {},
    /does not exist/,
    path => classesOf(`${path}/none`),
  ),
];
