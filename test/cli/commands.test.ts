import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openHead } from '../../src/nn/head_file.ts';
import { decodeNpy } from '../../src/weights/npy.ts';
import { saveSafetensors } from '../../src/weights/safetensors_writer.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { raycam, records, root, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => join(folder, ...parts);
const weights = at('resnet18.safetensors');
/** A small network with synthetic weights, and its own cache. */
const network = ['--weights', weights, '--cache-dir', at('cache'), '--adapter', 'wasm'];
const xray = 'sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg';

beforeAll(async () => {
  const chunks: Uint8Array[] = [];
  const sink = { write: async (bytes: Uint8Array) => void chunks.push(bytes.slice()) };
  await saveSafetensors(sink, [...syntheticBackbone('resnet18').stateDict.values()]);
  writeFileSync(weights, Buffer.concat(chunks));
  for (const split of ['train', 'test'])
    for (const name of ['NORMAL', 'PNEUMONIA']) {
      mkdirSync(at('xrays', split, name), { recursive: true });
      const from = join(root, 'sample/chest_xray', split, name);
      for (const file of readdirSync(from).slice(0, 3)) cpSync(join(from, file), at('xrays', split, name, file));
    }
  writeFileSync(at('xrays/train/NORMAL/broken.jpeg'), 'this is no picture');
});

describe('commands that use a head', () => {
  const head = at('head.safetensors');

  it('train writes a head, and reports images that cannot be read', async () => {
    const ran = await raycam(['train', at('xrays'), '--out', head, '--epochs', '3', '--batch-size', '2', ...network]);
    expect(ran.stdout).toMatch(/^Epoch 0\/2\n-{10}\ntrain Loss: \d\.\d{4} Acc: \d\.\d{4}\ntest Loss: /);
    expect(ran.stdout).toContain('Training complete in 0m');
    expect(ran.stderr).toMatch(/raycam: .*broken\.jpeg: is not an image that can be decoded/);
    expect(ran.status).toBe(0);
    expect(existsSync(head)).toBe(true);
  });

  it('train writes the same bytes for the same seed, and prints JSON', async () => {
    const again = at('again.safetensors');
    const ran = await raycam([
      'train',
      at('xrays'),
      '--out',
      again,
      '--epochs',
      '3',
      '--batch-size',
      '2',
      '--json',
      ...network,
    ]);
    expect(ran.status).toBe(0);
    expect(readFileSync(again).equals(readFileSync(head))).toBe(true);
    const broken = at('xrays/train/NORMAL/broken.jpeg');
    expect(records(ran).map(record => record.epoch ?? record.out ?? record.image)).toEqual([broken, 0, 1, 2, again]);
  });

  it('evaluate prints the metrics', async () => {
    const ran = await raycam(['evaluate', at('xrays'), '--head', head, '--json', ...network]);
    const [record] = records(ran);
    expect(record).toMatchObject({ images: 6, positiveClass: 'PNEUMONIA', skipped: 0 });
    for (const key of ['loss', 'accuracy', 'sensitivity', 'specificity', 'auroc', 'confusion'])
      expect(record).toHaveProperty(key);
  });

  it('predict prints probabilities that add up to 1, and their logarithms', async () => {
    const ran = await raycam(['predict', xray, '--head', head, '--json', ...network]);
    const [record] = records(ran) as unknown as [
      { image: string; class: string; probabilities: Record<string, number>; logProbabilities: Record<string, number> },
    ];
    const { NORMAL, PNEUMONIA } = record.probabilities as { NORMAL: number; PNEUMONIA: number };
    expect(NORMAL + PNEUMONIA).toBeCloseTo(1, 5);
    expect(Math.exp(record.logProbabilities.NORMAL!)).toBeCloseTo(NORMAL, 5);
    expect(record.class).toBe(NORMAL > PNEUMONIA ? 'NORMAL' : 'PNEUMONIA');
    expect(record.image).toBe(xray);
    expect(record).not.toHaveProperty('timing');
  });

  it('predict --half weights finds the same class, and notes that it is slow on the CPU', async () => {
    const args = ['predict', xray, '--head', head, '--json', ...network];
    const [exact, half] = await Promise.all([raycam(args), raycam([...args, '--half', 'weights'])]);
    type Record = { class: string; probabilities: { PNEUMONIA: number } };
    const [[own], [other]] = [records(half), records(exact)] as unknown as [[Record], [Record]];
    expect(own.class).toBe(other.class);
    expect(own.probabilities.PNEUMONIA).toBeCloseTo(other.probabilities.PNEUMONIA, 2);
    expect(own.probabilities.PNEUMONIA).not.toBe(other.probabilities.PNEUMONIA);
    const note = '--half runs the GPU kernels, which are several times slower on the CPU';
    expect(half.stderr).toContain(note);
    expect(exact.stderr).not.toContain(note);
  });

  it('predict --half products requires matrix hardware, and the error names the alternatives', async () => {
    const ran = await raycam(['predict', xray, '--head', head, '--half', 'products', ...network]);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(
      /^raycam: device: WebAssembly, .* has no matrix hardware that multiplies 16-bit floats into 32-bit sums\. Use --half weights, or omit --half$/m,
    );
  });

  it('--timing prints the time of each stage', async () => {
    const stages = ['programMs', 'openMs', 'deviceMs', 'readMs', 'uploadMs', 'compileMs', 'decodeMs', 'forwardMs'];
    const ran = await raycam(['predict', xray, '--head', head, '--json', '--timing', ...network]);
    const [{ timing }] = records(ran) as unknown as [{ timing: Record<string, number> }];
    expect(Object.keys(timing)).toEqual([...stages, 'totalMs']);
    for (const stage of stages) expect(timing[stage], stage).toBeGreaterThan(0);
    const { compileMs, decodeMs, totalMs } = timing as { compileMs: number; decodeMs: number; totalMs: number };
    const inTurn = stages.reduce((sum, stage) => sum + timing[stage]!, 0) - compileMs - decodeMs;
    expect(inTurn).toBeLessThan(totalMs);
    expect(ran.stderr).toContain(`${(totalMs / 1e3).toFixed(2)} s: program `);
    const drawn = await raycam(['cam', xray, '--head', head, '--out', at('timed'), '--timing', '--json', ...network]);
    expect(records(drawn)[0]).toHaveProperty('timing.pictureMs');
  });

  it('cam draws the heat map and writes the raw maps', async () => {
    const out = at('maps');
    const ran = await raycam([
      'cam',
      xray,
      '--head',
      head,
      '--out',
      out,
      '--npy',
      '--class',
      'PNEUMONIA',
      '--json',
      ...network,
    ]);
    expect(ran.status).toBe(0);
    expect(readdirSync(out).sort()).toEqual([
      'IM-0011-0001.cam.png',
      'IM-0011-0001.cam224.npy',
      'IM-0011-0001.cam7.npy',
    ]);
    const cam = decodeNpy(readFileSync(join(out, 'IM-0011-0001.cam7.npy')));
    const enlarged = decodeNpy(readFileSync(join(out, 'IM-0011-0001.cam224.npy')));
    expect([cam.shape, enlarged.shape]).toEqual([
      [7, 7],
      [224, 224],
    ]);
    // Corners aligned: the corners of both maps are the same values.
    expect(enlarged.values[0]).toBeCloseTo(cam.values[0]!, 4);
    expect(enlarged.values.at(-1)).toBeCloseTo(cam.values.at(-1)!, 4);
    const [record] = records(ran) as unknown as [{ min: number; max: number; camClass: string }];
    expect(record.camClass).toBe('PNEUMONIA');
    expect(record.max).toBeCloseTo(Math.max(...enlarged.values), 5);
  });

  it('cam maps of two classes have means that differ, with the biases, as the log-probabilities do', async () => {
    const meanOf = async (name: string) => {
      const out = at(`maps-${name}`);
      await raycam(['cam', xray, '--head', head, '--out', out, '--npy', '--class', name, ...network]);
      const { values } = decodeNpy(readFileSync(join(out, 'IM-0011-0001.cam7.npy')));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const { bias, classes } = (await openHead(head)).head;
    const logits = [];
    for (const [k, name] of classes.entries()) logits.push((await meanOf(name)) + bias[k]!);
    const [record] = records(await raycam(['predict', xray, '--head', head, '--json', ...network]));
    const { NORMAL, PNEUMONIA } = record!.logProbabilities as { NORMAL: number; PNEUMONIA: number };
    expect(logits[1]! - logits[0]!).toBeCloseTo(PNEUMONIA - NORMAL, 4);
  });

  it('predict rejects a head of another backbone', async () => {
    const ran = await raycam([
      'predict',
      xray,
      '--head',
      'heads/chest_xray.resnet50.caffe_in1k.safetensors',
      ...network,
    ]);
    expect(ran.stderr).toMatch(
      /raycam: head: .*: was trained on resnet50\.caffe_in1k \(2048 features\), not on file:resnet18\.safetensors \(512 features\)\./,
    );
    expect(ran.status).toBe(1);
  });

  it('predict does not give the classes of ImageNet as verdicts', async () => {
    const ran = await raycam(['predict', xray, ...network]);
    expect(ran.stderr).toContain(
      `raycam: weights: ${weights}: has the 1000 classes of ImageNet, which do not describe X-rays. Pass a head with --head, name its classes with --classes, or use \`raycam classify\`\n`,
    );
    expect(ran.stdout).toBe('');
    expect(ran.status).toBe(1);
  });
});

describe('commands that use the network or the images alone', () => {
  it('activations writes the activations of a layer', async () => {
    const out = at('layer3.npy');
    const ran = await raycam(['activations', xray, '--layer', 'layer3.0.conv1', '--out', out, ...network]);
    expect(ran.status).toBe(0);
    expect(decodeNpy(readFileSync(out)).shape).toEqual([256, 14, 14]);
  });

  it('activations rejects an unknown layer and lists the known ones', async () => {
    const ran = await raycam(['activations', xray, '--layer', 'layer3.7.conv1', '--out', at('no.npy'), ...network]);
    expect(ran.stderr).toContain('raycam: taps: unknown module "layer3.7.conv1". Known: layer3.0, layer3.1\n');
    expect(ran.status).toBe(1);
    expect(existsSync(at('no.npy'))).toBe(false);
  });

  it('features writes features and their file names', async () => {
    const ran = await raycam(['features', at('xrays/test'), '--out', at('features.npy'), '--json', ...network]);
    expect(ran.status).toBe(0);
    expect(decodeNpy(readFileSync(at('features.npy'))).shape).toEqual([6, 512]);
    expect(JSON.parse(readFileSync(at('features.json'), 'utf8')).rows).toHaveLength(6);
    // `evaluate` above has computed all of them.
    expect(records(ran)[0]).toMatchObject({ computed: 0 });
  });

  it('classify ranks the ImageNet classes', async () => {
    const [record] = records(await raycam(['classify', xray, '--top', '3', '--json', ...network])) as unknown as [
      { top: { probability: number }[] },
    ];
    expect(record.top).toHaveLength(3);
    expect(record.top[0]!.probability).toBeGreaterThanOrEqual(record.top[1]!.probability);
  });

  it('grid draws a random batch', async () => {
    const ran = await raycam(['grid', at('xrays'), '--out', at('grid.png'), '--count', '4']);
    expect(ran.status).toBe(0);
    expect(readFileSync(at('grid.png')).subarray(1, 4).toString()).toBe('PNG');
  });
});

describe('weights', () => {
  it('list prints the known networks', async () => {
    const ran = await raycam(['weights', 'list', '--json', '--cache-dir', at('cache')]);
    expect(records(ran).map(({ id }) => id)).toContain('resnet152.tv_in1k_v1');
  });

  it('convert writes a file that info describes', async () => {
    const converted = at('converted.safetensors');
    expect((await raycam(['weights', 'convert', weights, converted])).status).toBe(0);
    const [about] = records(await raycam(['weights', 'info', converted, '--json']));
    expect(about).toMatchObject({ architecture: 'resnet18', format: 'safetensors', tensorCount: 102 });
  });
});

describe('prints one error message without a stack for', () => {
  const cut = at('cut.safetensors');
  beforeAll(() => {
    writeFileSync(cut, readFileSync(weights).subarray(0, 20_000_000));
    writeFileSync(at('text.jpeg'), 'hello');
    mkdirSync(at('one/train/NORMAL'), { recursive: true });
    mkdirSync(at('empty/train/NORMAL'), { recursive: true });
    mkdirSync(at('empty/train/PNEUMONIA'), { recursive: true });
    for (const dir of ['one', 'empty']) cpSync(join(root, xray), at(dir, 'train/NORMAL/x.jpeg'));
  });

  const rows: { why: string; args: () => string[]; status: number; message: RegExp }[] = [
    {
      why: 'a missing image',
      args: () => ['predict', at('missing.png')],
      status: 1,
      message: /^raycam: .*missing\.png: does not exist/,
    },
    {
      why: 'a text file named .jpeg',
      args: () => ['classify', at('text.jpeg'), ...network],
      status: 1,
      message: /raycam: .*text\.jpeg: is not an image that can be decoded/,
    },
    {
      why: 'a folder with one class',
      args: () => ['train', at('one'), '--out', at('h')],
      status: 1,
      message: /contains only one class \(NORMAL\), expected at least two/,
    },
    {
      why: 'an empty class',
      args: () => ['train', at('empty'), '--out', at('h')],
      status: 1,
      message: /has 1 class without images \(PNEUMONIA\)/,
    },
    {
      why: 'a missing folder',
      args: () => ['train', at('nowhere'), '--out', at('h')],
      status: 1,
      message: /^raycam: .*nowhere: does not exist/,
    },
    {
      why: 'truncated weights',
      args: () => ['classify', xray, '--weights', cut],
      status: 1,
      message: /^raycam: safetensors: .*cut.*: ends early \(/,
    },
    {
      why: 'weights of another architecture',
      args: () => ['classify', xray, '--weights', weights, '--arch', 'resnet50'],
      status: 1,
      message: /^raycam: weights: .*resnet18\.safetensors: is not a resnet50 \(.*missing/,
    },
    {
      why: 'an unknown backbone',
      args: () => ['classify', xray, '--backbone', 'resnet9'],
      status: 2,
      message: /^raycam: unknown backbone "resnet9"\. Known: /,
    },
    {
      why: 'both a backbone and a file',
      args: () => ['classify', xray, '--backbone', 'resnet50.caffe_in1k', '--weights', weights],
      status: 2,
      message: /^raycam: use either --backbone or --weights, not both/,
    },
    {
      why: 'a file that is not a head',
      args: () => ['predict', xray, '--head', weights, ...network],
      status: 1,
      message: /^raycam: head: .*: is not a head file \(it has no fc\.0\.weight and no fc\.0\.bias\)/,
    },
    {
      why: 'an unknown class',
      args: () => ['cam', xray, '--class', 'COLD', '--out', at('c'), '--head', at('head.safetensors'), ...network],
      status: 1,
      message: /unknown class "COLD"\. Known: NORMAL, PNEUMONIA/,
    },
    {
      why: 'an unknown option',
      args: () => ['predict', xray, '--colour'],
      status: 2,
      message: /unknown option '--colour'/,
    },
    {
      why: 'an option that is not a number',
      args: () => ['train', at('xrays'), '--out', at('h'), '--epochs', 'many'],
      status: 2,
      message: /Expected a whole number of at least 1/,
    },
    {
      why: 'an unknown adapter',
      args: () => ['predict', xray, '--adapter', 'abacus'],
      status: 2,
      message: /Allowed choices are auto, gpu/,
    },
    { why: 'an unknown command', args: () => ['preddict'], status: 2, message: /unknown command 'preddict'/ },
  ];
  for (const { why, args, status, message } of rows)
    it(why, async () => {
      const ran = await raycam(args());
      expect(ran.stderr).toMatch(message);
      expect(ran.stderr).not.toContain('    at ');
      expect(ran.status).toBe(status);
    });

  it('no output file after a failure', () => {
    for (const file of ['h', 'no.npy']) expect(existsSync(at(file))).toBe(false);
  });
});
