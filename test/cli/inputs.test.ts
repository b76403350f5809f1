import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { namedImages } from '../../src/cli/common/inputs.ts';
import { Output } from '../../src/cli/common/output.ts';
import { messageOf } from '../platform/helpers.ts';
import { raycam, records, temporaryFolder } from './run.ts';
import { picture, type SmallNetwork, writeSmallNetwork } from './small_network.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => join(folder, ...parts);
let small: SmallNetwork;

beforeAll(async () => {
  small = await writeSmallNetwork(folder);
  for (const path of ['rays/1.png', 'rays/2.png', 'rays/deep/3.png', 'rays/deep/er/4.png', 'only/deep/5.png']) {
    mkdirSync(at(path, '..'), { recursive: true });
    writeFileSync(at(path), await picture(path.charCodeAt(5)));
  }
  mkdirSync(at('none'));
});

/** Keeps the notes and records of a command. */
class Kept extends Output {
  readonly notes: string[] = [];
  readonly records: object[] = [];

  override note(text: string): void {
    this.notes.push(text);
  }

  override record(record: object): void {
    this.records.push(record);
  }
}

describe('namedImages', () => {
  const named = async (inputs: readonly string[], flags: object = {}) => {
    const output = new Kept();
    const paths = await namedImages(inputs, flags, { command: 'predict', output });
    return { paths: paths.map(path => path.replace(`${folder}/`, '')), notes: output.notes };
  };
  const failing = (inputs: readonly string[], flags: object = {}) => messageOf(named(inputs, flags));
  const list = (content: string | Uint8Array) => {
    writeFileSync(at('list'), content);
    return { filesFrom: at('list') };
  };

  it('takes the direct images of a folder, and says how many are below', async () => {
    const note = `${at('rays')}: 2 more images are in subfolders; --recursive takes them`;
    expect(await named([at('rays')])).toEqual({ paths: ['rays/1.png', 'rays/2.png'], notes: [note] });
  });

  it('takes the images of subfolders with --recursive, in the order of the arguments', async () => {
    expect(await named([at('rays/deep/3.png'), at('rays')], { recursive: true })).toEqual({
      paths: ['rays/deep/3.png', 'rays/1.png', 'rays/2.png', 'rays/deep/3.png', 'rays/deep/er/4.png'],
      notes: [],
    });
  });

  it('keeps a path that does not exist, so that it is reported, unless all are like this', async () => {
    expect((await named([at('gone.png'), at('rays/1.png')])).paths).toEqual(['gone.png', 'rays/1.png']);
    expect(await failing([at('gone.png'), at('away.png')])).toBe(`${at('gone.png')}: does not exist. Check the path`);
  });

  it('reports a folder without images beside other inputs', async () => {
    mkdirSync(at('nothing'), { recursive: true });
    writeFileSync(at('one.png'), '');
    const output = new Kept();
    const paths = await namedImages([at('nothing'), at('one.png')], {}, { command: 'predict', output });
    expect(paths).toEqual([at('one.png')]);
    expect(output.records).toEqual([
      { image: at('nothing'), error: { code: 'unreadable', text: 'contains no images' } },
    ]);
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
  });

  it('has a record for each path if none exists', async () => {
    const output = new Kept();
    await messageOf(namedImages([at('a.png'), at('b\n.png')], {}, { command: 'predict', output }));
    const error = { code: 'unreadable', text: 'does not exist. Check the path' };
    expect(output.records).toEqual([
      { image: at('a.png'), error },
      { image: at('b\n.png'), error },
    ]);
  });

  const lists: [why: string, content: (paths: string[]) => string | Uint8Array, flags?: object][] = [
    ['lines', paths => paths.join('\n')],
    ['lines of Windows, with a mark at the start and empty lines', paths => `\ufeff${paths.join('\r\n\r\n')}\r\n`],
    ['lines in UTF-16, as PowerShell writes them', paths => Buffer.from(`\ufeff${paths.join('\r\n')}`, 'utf16le')],
    ['NUL characters, with --null', paths => `${paths.join('\0')}\0`, { null: true }],
    ['NUL characters, recognised', paths => `${paths.join('\0')}\0`],
  ];
  for (const [why, content, flags] of lists)
    it(`reads a list separated by ${why}`, async () => {
      const paths = [at('rays/2.png'), at('rays/deep')];
      const { paths: found } = await named([at('rays/1.png')], { ...list(content(paths)), ...flags });
      expect(found).toEqual(['rays/1.png', 'rays/2.png', 'rays/deep/3.png']);
    });

  it('reads names with line feeds from a list with NUL characters, and a file named - from any list', async () => {
    writeFileSync(at('new\nline.png'), await picture());
    const path = at('new\nline.png');
    expect((await named([], list(`${path}\0${at('rays/1.png')}`))).paths).toEqual(['new\nline.png', 'rays/1.png']);
    expect((await named([], list(`-\n${at('rays/1.png')}`))).paths).toEqual(['./-', 'rays/1.png']);
  });

  const failures: [why: string, inputs: () => string[], flags: () => object, message: () => string][] = [
    [
      'no argument',
      () => [],
      () => ({}),
      () => 'predict: no image is named. Name images or folders, or a list of them with --files-from',
    ],
    [
      'standard input twice',
      () => ['-', '-'],
      () => ({}),
      () => 'predict: standard input (-) is named twice. Name it once',
    ],
    [
      'an image and a list from standard input',
      () => ['-'],
      () => ({ filesFrom: '-' }),
      () => 'predict: standard input (-) is named twice. Name it once',
    ],
    ['an empty folder', () => [at('none')], () => ({ recursive: true }), () => `${at('none')}: contains no images`],
    [
      'a folder with images only below',
      () => [at('only')],
      () => ({}),
      () => `${at('only')}: contains no images, but its subfolders do. Add --recursive`,
    ],
    [
      'two folders without images',
      () => [at('none'), at('only')],
      () => ({}),
      () => 'predict: 2 folders contain no images, but their subfolders do. Add --recursive',
    ],
    ['an empty list', () => [], () => list('\n\n'), () => `${at('list')}: contains no paths. Write one path per line`],
    [
      'a list that is an image',
      () => [],
      () => ({ filesFrom: at('rays/1.png') }),
      () => `${at('rays/1.png')}: is not a list of paths (it is not UTF-8 text). Write one path per line`,
    ],
    [
      'a missing list',
      () => [],
      () => ({ filesFrom: at('gone') }),
      () => `${at('gone')}: does not exist. Check the path`,
    ],
  ];
  for (const [why, inputs, flags, message] of failures)
    it(`rejects ${why}`, async () => {
      expect(await failing(inputs(), flags())).toBe(message());
    });

  it('returns 30,000 paths of a list in their order', async () => {
    const paths = Array.from({ length: 30_000 }, (_, i) => at(i === 7 ? 'rays/1.png' : `gone/${i}.png`));
    expect((await named([], list(paths.join('\n')))).paths).toEqual(paths.map(path => path.replace(`${folder}/`, '')));
  });
});

describe('commands', () => {
  it('predict prints a record for each image of a folder, also for one that cannot be read', async () => {
    mkdirSync(at('mixed'));
    for (const name of ['a.png', 'c.png']) writeFileSync(at('mixed', name), await picture());
    writeFileSync(at('mixed', 'b\u001b[31m\n.png'), 'no picture');
    const ran = await raycam(['predict', at('mixed'), '--json', ...small.head]);
    expect(records(ran).map(({ image, class: verdict }) => [image, verdict])).toEqual([
      [at('mixed/a.png'), expect.any(String)],
      [at('mixed/b\u001b[31m\n.png'), undefined],
      [at('mixed/c.png'), expect.any(String)],
    ]);
    expect((records(ran)[1]!.error as { text: string }).text).toMatch(/^is not an image that can be decoded \(/);
    expect(ran.stderr).toContain(`raycam: ${at('mixed')}/b\\u001b[31m\\n.png: is not an image that can be decoded (`);
    expect(ran.status).toBe(1);
  });

  it('predict reads an image from standard input, and names it in messages', async () => {
    const args = ['predict', '-', '--json', '--quiet', ...small.head];
    const [piped, named, empty] = await Promise.all([
      raycam(args, {}, await picture(1)),
      raycam(['predict', at('rays/1.png'), '--json', '--quiet', ...small.head]),
      raycam(args),
    ]);
    writeFileSync(at('piped.png'), await picture(1));
    expect(records(piped)[0]).toMatchObject({ image: '-' });
    expect(Object.keys(records(piped)[0]!)).toEqual(Object.keys(records(named)[0]!));
    expect(records(empty)).toEqual([
      { image: '-', error: { code: 'unreadable', text: 'is empty. Download or copy it again' } },
    ]);
    expect(empty.stderr).toBe('raycam: standard input: is empty. Download or copy it again\n');
    expect(empty.status).toBe(1);
  });

  it('features takes subfolders by default, and a list from standard input', async () => {
    const args = ['--json', '--quiet', ...small.network];
    const [all, direct, listed] = await Promise.all([
      raycam(['features', at('rays'), '--out', at('all.npy'), ...args]),
      raycam(['features', at('rays'), '--no-recursive', '--out', at('direct.npy'), ...args]),
      raycam(
        ['features', '--files-from', '-', '--out', at('listed.npy'), ...args],
        {},
        `${at('rays/2.png')}\n${at('gone.png')}\n`,
      ),
    ]);
    expect(records(all)[0]).toMatchObject({ shape: [4, 512] });
    expect(records(direct)[0]).toMatchObject({ shape: [2, 512] });
    expect(records(listed)).toMatchObject([
      { image: at('gone.png'), error: { code: 'unreadable', text: 'does not exist. Check the path' } },
      { shape: [1, 512], skipped: [at('gone.png')] },
    ]);
    expect([all.status, direct.status, listed.status]).toEqual([0, 0, 1]);
  });

  it('train holds out patients of a folder without splits, and has a record for each skipped image', async () => {
    for (const [i, path] of [
      'A/person1_virus_1',
      'A/person1_virus_2',
      'A/person2_virus_3',
      'B/IM-0001-0001',
      'B/IM-0002-0001',
    ].entries()) {
      mkdirSync(at('flat', path, '..'), { recursive: true });
      writeFileSync(at('flat', `${path}.png`), await picture(i));
    }
    writeFileSync(at('flat/A/person3_virus_4.png'), '');
    const ran = await raycam([
      'train',
      at('flat'),
      '--out',
      at('flat.safetensors'),
      '--epochs',
      '1',
      '--json',
      ...small.network,
    ]);
    expect(ran.stderr).toMatch(
      /flat: has no train and val folders, so \d of 6 images are held out to select the best epoch: those of \d of 5 patients, by the names of the files\n/,
    );
    const skipped = {
      image: at('flat/A/person3_virus_4.png'),
      error: { code: 'unreadable', text: 'is empty. Download or copy it again' },
    };
    expect(records(ran).filter(({ error }) => error !== undefined)).toEqual([skipped]);
    expect(records(ran).at(-1)).toMatchObject({ out: at('flat.safetensors') });
    expect(ran.status).toBe(0);
  });
});
