/** Commands whose device is lost produce the output of an undisturbed run, or one message that says why they cannot. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { registerActivations } from '../../src/cli/commands/activations.ts';
import { registerCam } from '../../src/cli/commands/cam.ts';
import { registerClassify } from '../../src/cli/commands/classify.ts';
import { registerDemo } from '../../src/cli/commands/demo.ts';
import { registerEvaluate } from '../../src/cli/commands/evaluate.ts';
import { registerFeatures } from '../../src/cli/commands/features.ts';
import { registerPredict } from '../../src/cli/commands/predict.ts';
import { registerTrain } from '../../src/cli/commands/train.ts';
import type { BuildOptions } from '../../src/inference/network.ts';
import type { Backbone } from '../../src/weights/backbone.ts';
import { root, temporaryFolder } from '../cli/run.ts';
import { FaultyDevice, RESET } from './faulty_device.ts';

/**
 * RAYCAM_LOSSES sets at how many evenly spaced moments of each command the device is lost: during its work, and during
 * loading.
 */
const LOSSES = Number(process.env.RAYCAM_LOSSES ?? 1);

const hooks = vi.hoisted(() => ({
  observe: (gpu: GPUDevice) => gpu,
  loaded: () => {},
  sample: '',
  stdout: '',
  stderr: '',
}));

vi.mock('../../src/weights/resolve_backbone.ts', async () => {
  const { narrowBackbone } = await import('./narrow_network.ts');
  return { resolveBackbone: async () => narrowBackbone() };
});

vi.mock('../../src/inference/network.ts', async original => {
  const real = await original<typeof import('../../src/inference/network.ts')>();
  return {
    ...real,
    buildNetwork: (backbone: Backbone, { observe, ...options }: BuildOptions) =>
      real.buildNetwork(backbone, {
        ...options,
        adapter: 'wasm',
        threads: 0,
        onLoad: (done, total) => void (done === total && hooks.loaded()),
        observe: gpu => {
          const faulty = hooks.observe(gpu);
          return observe?.(faulty) ?? faulty;
        },
      }),
  };
});

vi.mock('../../src/weights/resnet_shapes.ts', async original => {
  const real = await original<typeof import('../../src/weights/resnet_shapes.ts')>();
  const { resnet18 } = real.RESNET_LAYOUTS;
  return { ...real, RESNET_LAYOUTS: { ...real.RESNET_LAYOUTS, resnet18: { ...resnet18, features: 32 } } };
});

vi.mock('#platform', async original => {
  const real = await original<typeof import('../../src/platform/node.ts')>();
  return {
    ...real,
    packageFile: (path: string) => (path === 'sample/chest_xray' ? hooks.sample : real.packageFile(path)),
    writeStdout: async (text: string) => {
      hooks.stdout += text;
    },
    writeStderr: (text: string) => {
      hooks.stderr += text;
    },
  };
});

const folder = temporaryFolder();
const [out, warm, fresh] = ['out', 'warm', 'fresh'].map(name => join(folder, name)) as [string, string, string];
const head = join(folder, 'head.safetensors');
let images: string[] = [];

interface Commands {
  readonly register: (program: Command) => void;
  readonly args: () => string[];
}

const COMMANDS: Readonly<Record<string, Commands>> = {
  predict: { register: registerPredict, args: () => [...images, '--head', head] },
  cam: { register: registerCam, args: () => [images[0]!, '--head', head, '--out', join(out, 'maps'), '--npy'] },
  classify: { register: registerClassify, args: () => images },
  activations: {
    register: registerActivations,
    args: () => [images[0]!, '--layer', 'layer2.0.conv1', '--out', join(out, 'a.npy')],
  },
  features: {
    register: registerFeatures,
    args: () => [...images, '--out', join(out, 'f.npy'), '--cache-dir', fresh],
  },
  train: {
    register: registerTrain,
    args: () => [hooks.sample, '--out', join(out, 'h.safetensors'), '--epochs', '2', '--cache-dir', warm],
  },
  evaluate: { register: registerEvaluate, args: () => [hooks.sample, '--head', head, '--cache-dir', warm] },
  demo: { register: registerDemo, args: () => ['--weights', 'narrow', '--out', out, '--cache-dir', warm] },
};

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Hashes by name, for all files except the report, which contains times. */
  readonly files: Readonly<Record<string, string>>;
}

async function run({ register, args }: Commands): Promise<Ended> {
  for (const path of [out, fresh]) rmSync(path, { recursive: true, force: true });
  mkdirSync(out);
  [hooks.stdout, hooks.stderr, process.exitCode] = ['', '', undefined];
  const program = new Command().exitOverride();
  register(program);
  await program.parseAsync([program.commands[0]!.name(), ...args(), '--json'], { from: 'user' });
  const status = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  const written = readdirSync(out, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  const files = written
    .filter(({ name }) => name !== 'report.html')
    .map(({ name, parentPath }) => [name, sha256(readFileSync(join(parentPath, name)))] as const);
  const stdout = hooks.stdout.replace(/"elapsedMs":[\d.]+/g, '"elapsedMs":0');
  return { status, stdout, stderr: hooks.stderr, files: Object.fromEntries(files) };
}

const withoutNotes = ({ status, stdout, files }: Ended) => ({ status, stdout, files });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Loses the n-th opened device at its `at[n]`-th call. Returns the devices. */
function lose(...at: readonly number[]): FaultyDevice[] {
  const opened: FaultyDevice[] = [];
  hooks.observe = gpu => {
    const faulty = new FaultyDevice();
    faulty.arm('loss', at[opened.length] ?? 0);
    opened.push(faulty);
    return faulty.observe(gpu);
  };
  return opened;
}

beforeAll(async () => {
  hooks.sample = join(folder, 'sample');
  for (const split of ['train', 'test'])
    for (const label of ['NORMAL', 'PNEUMONIA']) {
      const from = join(root, 'sample/chest_xray', split, label);
      const to = join(hooks.sample, split, label);
      mkdirSync(to, { recursive: true });
      for (const name of readdirSync(from).slice(0, 2)) copyFileSync(join(from, name), join(to, name));
      images.push(...readdirSync(to).map(name => join(to, name)));
    }
  images = images.slice(0, 3);
  lose();
  const trained = await run({ ...COMMANDS.train!, args: () => [...COMMANDS.train!.args(), '--out', head] });
  expect(trained.stderr).not.toMatch(/^raycam: /m);
});

describe.each(Object.entries(COMMANDS))('%s', (_name, command) => {
  let calm: Ended;
  let calls: number;
  /** The number of the last call during loading. */
  let loaded: number;
  beforeAll(async () => {
    await run(command); // fills the cache
    const opened = lose(0);
    hooks.loaded = () => {
      loaded = opened.at(-1)!.count;
    };
    calm = await run(command);
    hooks.loaded = () => {};
    calls = opened[0]!.disarm();
    expect([calm.status, calm.stderr.match(/^raycam: .*/gm)]).toEqual([0, null]);
    expect([loaded > 100, calls > loaded + LOSSES]).toEqual([true, true]);
  });

  it('produces the same output and files if its device is lost once', async () => {
    const share = (i: number, from: number, to: number) => Math.round(from + ((i + 0.5) * (to - from)) / LOSSES);
    const moments = Array.from({ length: LOSSES }, (_, i) => [share(i, 1, loaded), share(i, loaded, calls)]).flat();
    for (const at of moments) {
      const opened = lose(at);
      const { stderr, ...ended } = await run(command);
      expect(ended, `lost at call ${at} of ${calls}`).toEqual(withoutNotes(calm));
      expect(opened.length, `lost at call ${at} of ${calls}`).toBe(2);
      expect(stderr).toMatch(/^raycam: device: was lost \(unknown: .*\)\. Continuing on a new device$/m);
    }
  });

  it('fails with one message if its device is lost again', async () => {
    const first = Math.round(calls / 2);
    const opened = lose(first);
    await run(command);
    const second = opened[1]!.disarm();
    for (const share of [0.3, 0.97]) {
      lose(first, Math.round(share * second));
      const { status, stderr } = await run(command);
      expect(status).toBe(1);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
        new RegExp(`^raycam: device: was lost (a second time )?\\(unknown: ${RESET}\\)`),
      );
      expect(readdirSync(out, { recursive: true }).filter(name => `${name}`.endsWith('.tmp'))).toEqual([]);
    }
  });
});
