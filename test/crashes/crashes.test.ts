/**
 * Tests a few kills of each command, full disks, and two processes at once. scripts/crashes.mjs kills a hundred times.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleTool } from '../../scripts/bundle_tool.mjs';
import { root } from '../cli/run.ts';
import { Dice } from '../fuzz/dice.ts';
import {
  corruptFiles,
  crash,
  type Experiment,
  experimentsOf,
  type FileServer,
  finished,
  isUnfinished,
  type Lab,
  run,
  sameBytes,
  serveFile,
} from './lab.ts';

const KILLS = Number(process.env.RAYCAM_KILLS ?? 2);

let lab: Lab;
let server: FileServer;
let experiments: readonly Experiment[];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'raycam-crashes-'));
  const [inputs, work] = ['inputs', 'work'].map(name => join(folder, name)) as [string, string];
  for (const path of [inputs, work]) mkdirSync(path);
  lab = { inputs, work, cli: join(root, 'dist/cli.js'), pullChild: await bundleTool('test/crashes/pull_child.ts') };
  const made = await run([await bundleTool('test/crashes/make_inputs.ts'), inputs]);
  expect(made.stderr).toBe('');
  server = await serveFile(join(inputs, 'resnet18.safetensors'), 100e6);
  experiments = experimentsOf(lab, server.url, server.sha256);
});

afterAll(() => {
  server.close();
  rmSync(join(lab.work, '..'), { recursive: true, force: true });
});

const experiment = (name: string) => experiments.find(candidate => candidate.name === name)!;

/** Names of all files below the folder. */
function filesIn(folder: string): string[] {
  return filesUnder(folder).map(path => basename(path));
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

describe('killed at a random moment', () => {
  it.each(['features', 'train', 'weights pull'])(
    '%s produces the same bytes as an undisturbed run',
    async name => {
      const dice = new Dice(name.length);
      const random = () => dice.below(1000) / 1000;
      const result = await crash(experiment(name), lab, { kills: KILLS, random });
      expect(result.kills).toBe(KILLS);
      expect(result.differing).toEqual([]);
      expect(result.corrupt).toEqual([]);
    },
    240_000,
  );
});

describe('full disk', () => {
  it.each([
    ['features', 4],
    ['weights pull', 2000],
  ])('%s reports it, and leaves no partial files', async (name, limitKiB) => {
    const folder = join(lab.work, `full ${name}`);
    mkdirSync(folder);
    const { code, stderr } = await run(experiment(name).args(folder), { limitKiB });
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^raycam: .*: cannot be written \(the file would exceed the size limit\)\. Choose a path on another disk, or raise the limit \(ulimit -f\)$/,
    );
    expect(code).toBe(1);
    expect(filesIn(folder).filter(file => /\.(tmp|lock)$/.test(file))).toEqual([]);
    expect(await corruptFiles(folder)).toEqual([]);
    // With space available again it completes; a download resumes its part.
    expect((await finished(experiment(name), folder)).code).toBe(0);
    expect(filesIn(folder).filter(isUnfinished)).toEqual([]);
  });

  it.each([
    [
      '/dev/full',
      /^raycam: \/dev\/full: cannot be written \(the disk is full\)\. Free some space or choose a path on another disk\n$/,
    ],
    ['/proc/x.npy', /^raycam: \/proc\/x\.npy: .+\n$/],
  ])('features to %s', async (out, message) => {
    const { args } = experiment('features');
    const changed = args(join(lab.work, 'nowhere')).map(argument => (argument.endsWith('f.npy') ? out : argument));
    const { code, stderr } = await run(changed);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});

describe('two processes at once', () => {
  it('share one store, and both write the correct file', async () => {
    const both = join(lab.work, 'both');
    mkdirSync(both);
    const { args } = experiment('features');
    const second = args(both).map(argument => (argument.endsWith('f.npy') ? join(both, 'g.npy') : argument));
    const ended = await Promise.all([run(args(both)), run(second)]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    // Computed by a single process, in the test of full disks.
    const alone = join(lab.work, 'full features', 'f.npy');
    for (const name of ['f.npy', 'g.npy']) expect(sameBytes(join(both, name), alone), name).toBe(true);
    expect(await corruptFiles(both)).toEqual([]);
  });

  it('share one download', async () => {
    const folder = join(lab.work, 'two pulls');
    mkdirSync(folder);
    server.requests.length = 0;
    const pull = experiment('weights pull').args(folder);
    const ended = await Promise.all([run(pull), run(pull)]);
    expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(server.requests).toEqual(['whole']);
    expect(filesIn(folder).sort()).toEqual(['w.safetensors', 'w.safetensors.sha256']);
  });
});

it('recomputes the rows of another version, or uses them with --reuse any', async () => {
  const folder = join(lab.work, 'other version');
  const args = experiment('features').args(folder);
  mkdirSync(folder);
  expect((await run(args)).code).toBe(0);
  const result = readFileSync(join(folder, 'f.npy'));
  for (const shard of filesUnder(join(folder, 'cache')).filter(path => path.endsWith('.safetensors'))) {
    const text = readFileSync(shard, 'latin1');
    expect(text).toMatch(/"origin":"raycam \d[\d.]+, shaders [0-9a-f]{12}, on wasm-(relaxed-)?simd"/);
    writeFileSync(shard, text.replace('"origin":"raycam 0', '"origin":"raycam 9'), 'latin1');
  }
  const loud = args.filter(argument => argument !== '--quiet');
  const taken = await run([...loud, '--reuse', 'any', '--json']);
  expect(JSON.parse(taken.stdout).computed).toBe(0);
  const again = await run([...loud, '--json']);
  expect(JSON.parse(again.stdout).computed).toBe(8);
  expect(again.stderr).toMatch(
    /^features: 8 stored rows were computed by raycam 9.*, not by raycam 0.*\. They will be computed again if needed\. To use them as they are, pass `--reuse any`$/m,
  );
  expect(readFileSync(join(folder, 'f.npy')).equals(result)).toBe(true);
  const last = await run([...loud, '--json']);
  expect([JSON.parse(last.stdout).computed, /stored rows/.test(last.stderr)]).toEqual([0, false]);
});
