import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { camFiles, Stems } from '../../src/cli/common/cam_files.ts';
import { Outputs } from '../../src/cli/common/outputs.ts';
import { encodePng } from '../../src/platform/node_image.ts';
import { addPngTexts, readPngTexts } from '../../src/report/png_text.ts';
import { messageOf } from '../platform/helpers.ts';
import { raycam, records, temporaryFolder } from './run.ts';
import { picture, type SmallNetwork, writeSmallNetwork } from './small_network.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => join(folder, ...parts);
let small: SmallNetwork;

beforeAll(async () => {
  small = await writeSmallNetwork(folder);
  mkdirSync(at('rays'));
  writeFileSync(at('rays/ray.png'), await picture());
  for (const [i, path] of ['train/A/1', 'train/A/2', 'train/B/3', 'test/A/4', 'test/B/5'].entries()) {
    mkdirSync(at('set', path, '..'), { recursive: true });
    writeFileSync(at('set', `${path}.png`), await picture(i));
  }
});

/** A message of a command that would replace a file it did not write. */
function notOwn(path: string, command: string, others = ''): string {
  return `raycam: ${path}: already exists with content that raycam ${command} did not write${others}. Choose another output, or add --force to replace it\n`;
}

describe('cam', () => {
  const cam = (...args: string[]) => raycam(['cam', ...args, '--quiet', ...small.head]);

  it('keeps an X-ray in its own folder, and replaces the pictures that it drew before', async () => {
    const ray = readFileSync(at('rays/ray.png'));
    for (const maps of [[], ['--npy'], ['--npy']]) {
      const ran = await cam(at('rays/ray.png'), '--out', at('rays'), ...maps);
      expect(ran).toMatchObject({ status: 0, stderr: '' });
    }
    expect(readFileSync(at('rays/ray.png')).equals(ray)).toBe(true);
    expect(readdirSync(at('rays')).sort()).toEqual(['ray.cam.png', 'ray.cam224.npy', 'ray.cam7.npy', 'ray.png']);
    expect(readPngTexts(readFileSync(at('rays/ray.cam.png'))).Software).toBe('raycam cam');
  });

  it('keeps a picture and a map of somebody else, unless --force is given', async () => {
    mkdirSync(at('kept'));
    writeFileSync(at('kept/ray.cam.png'), await picture(9));
    writeFileSync(at('kept/ray.cam7.npy'), 'mine');
    const args = [at('rays/ray.png'), '--out', at('kept'), '--npy'];
    const ran = await cam(...args);
    const message = notOwn(at('kept/ray.cam.png'), 'cam', ' (1 more file like this)');
    expect(ran).toEqual({ status: 1, stdout: '', stderr: message });
    expect(readFileSync(at('kept/ray.cam.png')).equals(await picture(9))).toBe(true);
    expect(readFileSync(at('kept/ray.cam7.npy'), 'utf8')).toBe('mine');
    expect(await cam(...args, '--force')).toMatchObject({ status: 0, stderr: '' });
    writeFileSync(at('kept/ray.cam224.npy'), 'changed after it was written');
    expect((await cam(...args)).stderr).toBe(notOwn(at('kept/ray.cam224.npy'), 'cam'));
  });

  it('rejects folders of a labelled set', async () => {
    const ran = await cam(at('rays/ray.png'), '--out', at('set/train/A'));
    expect(ran.stderr).toBe(
      `raycam: ${at('set/train/A')}: is part of a set of labelled images (${at('set/train')}: A, B), so pictures in it would become training images. Choose a folder outside of it, or add --force\n`,
    );
    expect(ran.status).toBe(1);
    expect(readdirSync(at('set/train/A'))).toEqual(['1.png', '2.png']);
  });
});

describe('other commands', () => {
  it('features keeps a JSON file that it did not write', async () => {
    writeFileSync(at('rows.json'), '{"rows": "mine"}');
    const args = ['features', at('rays/ray.png'), '--out', at('rows.npy'), '--quiet', ...small.network];
    expect(await raycam(args)).toEqual({ status: 1, stdout: '', stderr: notOwn(at('rows.json'), 'features') });
    expect(existsSync(at('rows.npy'))).toBe(false);
    expect((await raycam([...args, '--force'])).status).toBe(0);
    expect(JSON.parse(readFileSync(at('rows.json'), 'utf8')).generator).toBe('raycam features');
    expect((await raycam(args)).status).toBe(0);
    // What version 0.1.0 wrote.
    writeFileSync(at('rows.json'), '{"backbone": "b", "weightsHash": "h", "rows": ["x.png"]}');
    expect((await raycam(args)).status).toBe(0);
  });

  it('demo keeps files that it did not write, and says so before it computes', async () => {
    mkdirSync(at('demo'));
    writeFileSync(at('demo/report.html'), '<title>My report</title>');
    writeFileSync(at('demo/head.safetensors'), readFileSync(at('head.safetensors')));
    const ran = await raycam(['demo', '--out', at('demo'), '--offline']);
    const message = notOwn(at('demo/head.safetensors'), 'demo', ' (1 more file like this)');
    expect(ran).toEqual({ status: 1, stdout: '', stderr: message });
  });

  const inputs: [why: string, args: () => string[], output: string, command: string][] = [
    [
      'train',
      () => ['train', at('set'), '--out', at('set/train/A/1.png'), ...small.network],
      'set/train/A/1.png',
      'raycam train',
    ],
    ['grid', () => ['grid', at('set'), '--out', at('set/train/B/3.png')], 'set/train/B/3.png', 'raycam grid'],
    [
      'activations',
      () => [
        'activations',
        at('rays/ray.png'),
        '--layer',
        'layer4',
        '--out',
        at('resnet18.safetensors'),
        ...small.network,
      ],
      'resnet18.safetensors',
      'raycam activations',
    ],
    [
      'features',
      () => ['features', at('rays'), '--out', at('rays/ray.png'), ...small.network],
      'rays/ray.png',
      'raycam features',
    ],
    [
      'weights convert',
      () => ['weights', 'convert', at('resnet18.safetensors'), at('resnet18.safetensors')],
      'resnet18.safetensors',
      'raycam weights convert',
    ],
  ];
  for (const [why, args, output, command] of inputs)
    it(`${why} rejects an output that is also an input`, async () => {
      const before = readFileSync(at(output));
      const ran = await raycam(args());
      expect(ran.stderr.replace(/^.*: passed over .*\n/, '')).toBe(
        `raycam: ${at(output)}: is an input of this ${command}, which would replace it. Choose another output, or add --force\n`,
      );
      expect(ran.status).toBe(1);
      expect(readFileSync(at(output)).equals(before)).toBe(true);
    });

  it('grid rejects the folder of a class', async () => {
    const ran = await raycam(['grid', at('set'), '--out', at('set/train/B/grid.png')]);
    expect(ran.stderr).toContain(`raycam: ${at('set/train/B')}: is part of a set of labelled images (`);
    expect(readdirSync(at('set/train/B'))).toEqual(['3.png']);
  });

  it('a command says before its work that its output cannot be written', async () => {
    const ran = await raycam(['train', at('set'), '--out', at('rays'), ...small.network]);
    expect(ran).toEqual({ status: 1, stdout: '', stderr: `raycam: ${at('rays')}: is a folder. Name a file in it\n` });
    const below = await raycam(['grid', at('set'), '--out', at('head.safetensors/x.png')]);
    expect(below.stderr).toBe(
      `raycam: ${at('head.safetensors/x.png')}: cannot be written (a part of this path is a file, not a folder). Check the path\n`,
    );
  });

  it('grid --json has a record for each image that cannot be read', async () => {
    mkdirSync(at('broken/a'), { recursive: true });
    mkdirSync(at('broken/b'), { recursive: true });
    writeFileSync(at('broken/a/1.png'), await picture());
    writeFileSync(at('broken/b/2.png'), '');
    const ran = await raycam(['grid', at('broken'), '--out', at('grid.png'), '--json']);
    expect(records(ran)).toEqual([
      { image: at('broken/b/2.png'), error: { code: 'unreadable', text: 'is empty. Download or copy it again' } },
      { out: at('grid.png'), images: 1, classes: ['a', 'b'], skipped: [at('broken/b/2.png')] },
    ]);
  });
});

describe('Outputs', () => {
  const own = async () => true;
  const foreign = async () => false;

  it('keeps a file that appeared after the check', async () => {
    const outputs = new Outputs({ command: 'raycam cam' });
    const file = { path: at('late.png'), isOwn: foreign };
    await outputs.expectDerived([file]);
    await outputs.writeDerived(file, 'first');
    expect(await messageOf(outputs.writeDerived(file, 'second'))).toContain('already exists with content that');
    expect(readFileSync(file.path, 'utf8')).toBe('first');
    await outputs.writeDerived({ ...file, isOwn: own }, 'third');
    expect(readFileSync(file.path, 'utf8')).toBe('third');
    expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps an input that has another name: a link, or a second name', async () => {
    writeFileSync(at('input'), 'x');
    linkSync(at('input'), at('second'));
    symlinkSync(at('input'), at('link'));
    const rules = { command: 'raycam cam', inputs: [undefined, at('missing'), at('input')] };
    for (const path of [at('input'), at('second'), at('link'), at('rays/../input')]) {
      const outputs = new Outputs(rules);
      expect(await messageOf(outputs.expectNamed(path))).toContain('is an input of this raycam cam');
      expect(await messageOf(outputs.expectDerived([{ path, isOwn: own }]))).toContain(
        'is an input of this raycam cam',
      );
    }
    await new Outputs(rules).expectNamed(at('output'));
  });

  it('keeps a broken link', async () => {
    symlinkSync(at('nowhere'), at('broken.png'));
    const outputs = new Outputs({ command: 'raycam cam' });
    const message = await messageOf(outputs.writeDerived({ path: at('broken.png'), isOwn: foreign }, 'x'));
    expect(message).toContain('already exists with content that');
    expect([existsSync(at('nowhere')), readlinkSync(at('broken.png'))]).toEqual([false, at('nowhere')]);
  });

  it('rejects one file for two outputs', async () => {
    const outputs = new Outputs({ command: 'raycam bench' });
    await outputs.expectNamed(at('result'));
    expect(await messageOf(outputs.expectNamed(at('rays/../result')))).toBe(
      `${at('rays/../result')}: is named for two outputs. Name a file for each`,
    );
  });
});

describe('the files of a heat map', () => {
  it('belong to the command that wrote them', async () => {
    const place = { folder, stem: 'x', command: 'raycam cam' };
    const [file, cam7] = camFiles(place);
    const png = await encodePng({ width: 1, height: 1, pixels: new Uint8Array(3) });
    writeFileSync(file.path, addPngTexts(png, { Software: 'raycam demo' }));
    expect(await file.isOwn(file.path)).toBe(false);
    writeFileSync(file.path, addPngTexts(png, { Software: 'raycam cam' }));
    expect(await file.isOwn(file.path)).toBe(true);
    writeFileSync(cam7!.path, 'a map');
    expect(await cam7!.isOwn(cam7!.path)).toBe(false);
  });

  it('have stems that differ on every file system', () => {
    const stems = new Stems();
    const paths = ['a/x.png', 'b/x.jpeg', 'c/X.png', 'x-2.png', 'x.png', 'e\u0301.png', '\u00e9.png', 'n.tar.gz', '-'];
    expect(paths.map(path => stems.next(path))).toEqual([
      'x',
      'x-2',
      'X-3',
      'x-2-2',
      'x-4',
      'e\u0301',
      '\u00e9-2',
      'n.tar',
      'stdin',
    ]);
  });

  it('get their stems in a time that grows with their number', () => {
    const stems = new Stems();
    for (let i = 1; i < 30_000; i++) stems.next(`${i}/image.png`);
    expect(stems.next('image.png')).toBe('image-30000');
  });
});
