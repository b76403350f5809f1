import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { openHead } from '../../src/inference/open_head.ts';
import { decodeNpy } from '../../src/weights/npy.ts';
import { saveSafetensors } from '../../src/weights/safetensors_writer.ts';
import { raycam, records, root, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => join(folder, ...parts);
const weights = at('resnet18.safetensors');
/** A small network of formula weights, its own store. */
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

describe('a head, from training to heat maps', () => {
  const head = at('head.safetensors');

  it('trains, naming and counting what it cannot read', async () => {
    const ran = await raycam(['train', at('xrays'), '--out', head, '--epochs', '3', '--batch-size', '2', ...network]);
    expect(ran.stdout).toMatch(/^Epoch 0\/2\n-{10}\ntrain Loss: \d\.\d{4} Acc: \d\.\d{4}\ntest Loss: /);
    expect(ran.stdout).toContain('Training complete in 0m');
    expect(ran.stderr).toMatch(/raycam: .*broken\.jpeg: not an image that can be decoded/);
    expect(ran.status).toBe(0);
    expect(existsSync(head)).toBe(true);
  });

  it('the same seed gives the same bytes, and a second run computes no features', async () => {
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
    expect(records(ran).map(record => record.epoch ?? record.out)).toEqual([0, 1, 2, again]);
  });

  it('evaluates', async () => {
    const ran = await raycam(['evaluate', at('xrays'), '--head', head, '--json', ...network]);
    const [record] = records(ran);
    expect(record).toMatchObject({ images: 6, positiveClass: 'PNEUMONIA', skipped: 0 });
    for (const key of ['loss', 'accuracy', 'sensitivity', 'specificity', 'auroc', 'confusion'])
      expect(record).toHaveProperty(key);
  });

  it('predicts: probabilities add up, and log-probabilities are their logarithms', async () => {
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

  it('predicts the same with weights of 16 bits, and says that they are slow on the CPU', async () => {
    const args = ['predict', xray, '--head', head, '--json', ...network];
    const [exact, half] = await Promise.all([raycam(args), raycam([...args, '--half', 'weights'])]);
    type Record = { class: string; probabilities: { PNEUMONIA: number } };
    const [[own], [other]] = [records(half), records(exact)] as unknown as [[Record], [Record]];
    expect(own.class).toBe(other.class);
    expect(own.probabilities.PNEUMONIA).toBeCloseTo(other.probabilities.PNEUMONIA, 2);
    expect(own.probabilities.PNEUMONIA).not.toBe(other.probabilities.PNEUMONIA);
    const note = '--half runs the kernels for GPUs, which take several times as long on the CPU';
    expect(half.stderr).toContain(note);
    expect(exact.stderr).not.toContain(note);
  });

  it('needs subgroup matrices for --half products, and says what to use without them', async () => {
    const ran = await raycam(['predict', xray, '--head', head, '--half', 'products', ...network]);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(
      /^raycam: device: WebAssembly, .* has no subgroup matrices that multiply 16-bit floats into 32-bit sums\. Use 16 bits for weights only \(--half weights\), or leave out --half$/m,
    );
  });

  it('tells where the time went, where asked', async () => {
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

  it('draws the evidence, and writes the raw maps', async () => {
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
    expect(readdirSync(out).sort()).toEqual(['IM-0011-0001.cam224.npy', 'IM-0011-0001.cam7.npy', 'IM-0011-0001.png']);
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

  it('the means of two classes’ maps and their biases differ as the log-probabilities do', async () => {
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

  it('refuses a head that belongs to another backbone', async () => {
    const ran = await raycam(['predict', xray, ...network]);
    expect(ran.stderr).toMatch(
      /raycam: head: .* was trained on features of resnet50\.caffe_in1k \(2048 numbers\), not of file:resnet18\.safetensors \(512 numbers\)\./,
    );
    expect(ran.status).toBe(1);
  });
});

describe('looking inside', () => {
  it('writes any layer’s activations', async () => {
    const out = at('layer3.npy');
    const ran = await raycam(['activations', xray, '--layer', 'layer3.0.conv1', '--out', out, ...network]);
    expect(ran.status).toBe(0);
    expect(decodeNpy(readFileSync(out)).shape).toEqual([256, 14, 14]);
  });

  it('an unknown layer is answered with what there is', async () => {
    const ran = await raycam(['activations', xray, '--layer', 'layer3.7.conv1', '--out', at('no.npy'), ...network]);
    expect(ran.stderr).toContain('raycam: taps: no module "layer3.7.conv1" in this network. layer3 has 0, 1\n');
    expect(ran.status).toBe(1);
    expect(existsSync(at('no.npy'))).toBe(false);
  });

  it('writes features with their names', async () => {
    const ran = await raycam(['features', at('xrays/test'), '--out', at('features.npy'), '--json', ...network]);
    expect(ran.status).toBe(0);
    expect(decodeNpy(readFileSync(at('features.npy'))).shape).toEqual([6, 512]);
    expect(JSON.parse(readFileSync(at('features.json'), 'utf8')).rows).toHaveLength(6);
    // The evaluation above has computed them all.
    expect(records(ran)[0]).toMatchObject({ computed: 0 });
  });

  it('ranks ImageNet’s classes', async () => {
    const [record] = records(await raycam(['classify', xray, '--top', '3', '--json', ...network])) as unknown as [
      { top: { probability: number }[] },
    ];
    expect(record.top).toHaveLength(3);
    expect(record.top[0]!.probability).toBeGreaterThanOrEqual(record.top[1]!.probability);
  });

  it('draws a grid of a batch', async () => {
    const ran = await raycam(['grid', at('xrays'), '--out', at('grid.png'), '--count', '4']);
    expect(ran.status).toBe(0);
    expect(readFileSync(at('grid.png')).subarray(1, 4).toString()).toBe('PNG');
  });
});

describe('weights', () => {
  it('lists the zoo', async () => {
    const ran = await raycam(['weights', 'list', '--json', '--cache-dir', at('cache')]);
    expect(records(ran).map(({ id }) => id)).toContain('resnet152.tv_in1k_v1');
  });

  it('describes and converts a file', async () => {
    const converted = at('converted.safetensors');
    expect((await raycam(['weights', 'convert', weights, converted])).status).toBe(0);
    const [about] = records(await raycam(['weights', 'info', converted, '--json']));
    expect(about).toMatchObject({ architecture: 'resnet18', format: 'safetensors', tensorCount: 102 });
  });
});

describe('what is wrong is said in a sentence', () => {
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
      why: 'no such image',
      args: () => ['predict', at('missing.png')],
      status: 1,
      message: /^raycam: .*missing\.png: no such file/,
    },
    {
      why: 'a text file named .jpeg',
      args: () => ['classify', at('text.jpeg'), ...network],
      status: 1,
      message: /raycam: .*text\.jpeg: not an image that can be decoded/,
    },
    {
      why: 'a folder with one class',
      args: () => ['train', at('one'), '--out', at('h')],
      status: 1,
      message: /one class only \(NORMAL\), a verdict needs two or more/,
    },
    {
      why: 'an empty class',
      args: () => ['train', at('empty'), '--out', at('h')],
      status: 1,
      message: /no images in the class PNEUMONIA/,
    },
    {
      why: 'no folder',
      args: () => ['train', at('nowhere'), '--out', at('h')],
      status: 1,
      message: /^raycam: .*nowhere: no such/,
    },
    {
      why: 'weights cut short',
      args: () => ['classify', xray, '--weights', cut],
      status: 1,
      message: /^raycam: safetensors: .*cut/,
    },
    {
      why: 'weights of another architecture',
      args: () => ['classify', xray, '--weights', weights, '--arch', 'resnet50'],
      status: 1,
      message: /^raycam: weights: .*missing.*resnet18\.safetensors/,
    },
    {
      why: 'no such backbone',
      args: () => ['classify', xray, '--backbone', 'resnet9'],
      status: 2,
      message: /^raycam: .*resnet9/,
    },
    {
      why: 'both a backbone and a file',
      args: () => ['classify', xray, '--backbone', 'resnet50.caffe_in1k', '--weights', weights],
      status: 2,
      message: /Give --backbone or --weights, not both/,
    },
    {
      why: 'no head in the file',
      args: () => ['predict', xray, '--head', weights, ...network],
      status: 1,
      message: /so it is no head file/,
    },
    {
      why: 'no such class',
      args: () => ['cam', xray, '--class', 'COLD', '--out', at('c'), '--head', at('head.safetensors'), ...network],
      status: 1,
      message: /no class is named COLD, the head knows NORMAL, PNEUMONIA/,
    },
    {
      why: 'an unknown option',
      args: () => ['predict', xray, '--colour'],
      status: 2,
      message: /unknown option '--colour'/,
    },
    {
      why: 'a number that is none',
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

  it('leaves nothing half-written', () => {
    for (const file of ['h', 'no.npy']) expect(existsSync(at(file))).toBe(false);
  });
});
