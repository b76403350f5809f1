/**
 * Arguments that a typo or a stranger's script may pass: exit status 2 or 1, one sentence, no stack trace, nothing
 * written.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { positiveNumber, wholeNumber } from '../../src/cli/common/options.ts';
import { raycam, root } from '../cli/run.ts';

const XRAY = join(root, 'sample/chest_xray/test/PNEUMONIA/person133_bacteria_635.jpeg');
const folder = mkdtempSync(join(tmpdir(), 'raycam-values-'));
const out = join(folder, 'out');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WRONG_USAGE = 2;
const FAILED = 1;

type CommandLine = readonly [args: readonly string[], status: number, stderr: RegExp];

/** The options for a network of one's own. */
const OWN_NETWORK: readonly CommandLine[] = [
  ...['1,2', '1,2,3,4', 'a,b,c', '1,,3', '', '1,2,NaN', '1,2,Infinity'].map(
    mean =>
      [
        ['predict', XRAY, '--weights', XRAY, '--mean', mean, '--std', '1,1,1'],
        WRONG_USAGE,
        /^error: option '--mean <r,g,b>' argument '.*' is invalid\. Expected three numbers, separated by commas, such as 0\.485,0\.456,0\.406\./,
      ] as const,
  ),
  ...['1,1,0', '1,-1,1'].map(
    std =>
      [
        ['predict', XRAY, '--weights', XRAY, '--mean', '0,0,0', '--std', std],
        WRONG_USAGE,
        /^error: option '--std <r,g,b>' argument '.*' is invalid\. Expected three numbers over 0/,
      ] as const,
  ),
  [
    ['predict', XRAY, '--mean', '0,0,0', '--std', '1,1,1'],
    WRONG_USAGE,
    /^raycam: --mean needs --weights: other networks have their own settings\n$/,
  ],
  [['classify', XRAY, '--crop', '200'], WRONG_USAGE, /^raycam: --crop needs --weights/],
  [
    ['features', XRAY, '--out', join(out, 'f.npy'), '--preprocess', 'caffe'],
    WRONG_USAGE,
    /^raycam: --preprocess needs --weights/,
  ],
  [['predict', XRAY, '--stride-on', '1x1'], WRONG_USAGE, /^raycam: --stride-on needs --weights/],
  [['cam', XRAY, '--out', join(out, 'cam'), '--ema'], WRONG_USAGE, /^raycam: --ema needs --weights/],
  [['predict', XRAY, '--classes', 'A,B'], WRONG_USAGE, /^raycam: --classes needs --weights/],
  [['predict', XRAY, '--weights', XRAY, '--classes', 'A,A'], WRONG_USAGE, /Expected different names/],
  [
    ['predict', XRAY, '--weights', XRAY, '--classes', 'A,B', '--head', XRAY],
    WRONG_USAGE,
    /^raycam: use either --head or --classes, not both/,
  ],
  [['predict', XRAY, '--weights', XRAY, '--mean', '0,0,0'], WRONG_USAGE, /^raycam: --mean needs --std\n$/],
  [['predict', XRAY, '--weights', XRAY, '--std', '1,1,1'], WRONG_USAGE, /^raycam: --std needs --mean\n$/],
  [
    ['predict', XRAY, '--weights', XRAY, '--mean', '0,0,0', '--std', '1,1,1', '--preprocess', 'torchvision'],
    WRONG_USAGE,
    /^raycam: use either --preprocess or --mean and --std, not both/,
  ],
  ...['0', '2049', '1.5', ''].map(
    side => [['classify', XRAY, '--weights', XRAY, '--crop', side], WRONG_USAGE, /Expected (a whole|at most)/] as const,
  ),
  [['predict', XRAY, '--weights', XRAY, '--resize', '256'], WRONG_USAGE, /^error: unknown option '--resize'/],
];

const CASES: readonly CommandLine[] = [
  [
    ['train', 'x', '--out', out, '--epochs', ''],
    WRONG_USAGE,
    /^error: option '--epochs <count>' argument '' is invalid\. Expected a whole number of at least 1\./,
  ],
  [
    ['train', 'x', '--out', out, '--lr', 'NaN'],
    WRONG_USAGE,
    /^error: option '--lr <rate>' argument 'NaN' is invalid\. Expected a number over 0\./,
  ],
  [['predict', XRAY, '--threads', '65'], WRONG_USAGE, /Expected at most 64\./],
  [['predict', XRAY, '--adapter', '__proto__'], WRONG_USAGE, /Allowed choices are auto, gpu, wasm, swiftshader\./],
  [['predict', XRAY, '--arch', 'constructor'], WRONG_USAGE, /Allowed choices are resnet18/],
  [['cam', XRAY, '--out', out, '--colormap', 'toString'], WRONG_USAGE, /Allowed choices are inferno/],
  [['predict', XRAY, '--nonsense'], WRONG_USAGE, /^error: unknown option '--nonsense'/],
  [['nonsense'], WRONG_USAGE, /^error: unknown command 'nonsense'/],
  [['predict'], WRONG_USAGE, /^raycam: predict: no image is named\. Name images or folders/],
  ...OWN_NETWORK,
  ...['__proto__', 'constructor', '../../etc/passwd', ''].map(
    id =>
      [
        ['weights', 'pull', id, '--offline', '--cache-dir', out],
        WRONG_USAGE,
        /^raycam: unknown backbone ".*"\. Known: /,
      ] as const,
  ),
  [['weights', 'prune', '../x', '--cache-dir', out], WRONG_USAGE, /^raycam: unknown backbone "\.\.\/x"\./],
  [['weights', 'info', ''], FAILED, /^raycam: an empty path: does not exist\. Check the path\n$/],
  [['weights', 'info', XRAY], FAILED, /^raycam: weights: person133_bacteria_635\.jpeg: is not a PyTorch checkpoint/],
  [
    ['weights', 'convert', XRAY, join(out, 'converted.safetensors')],
    FAILED,
    /^raycam: weights: person133_bacteria_635\.jpeg: is not a PyTorch checkpoint/,
  ],
  [
    ['predict', 'x'.repeat(100_000)],
    FAILED,
    /^raycam: x+ … x+: cannot be read \(the name is too long for this file system\)\..*\n$/,
  ],
  [['predict', 'a\nb\u001b[31m.jpeg'], FAILED, /^raycam: a\\nb\\u001b\[31m\.jpeg: does not exist\..*\n$/],
  [
    ['predict', XRAY, '--head', XRAY],
    FAILED,
    /^raycam: weights: person133_bacteria_635\.jpeg: is not a PyTorch checkpoint/,
  ],
  [
    ['predict', XRAY, '--weights', XRAY, '--backbone', 'x'],
    WRONG_USAGE,
    /^raycam: use either --backbone or --weights, not both/,
  ],
  [['evaluate', 'x', '--reuse', 'valueOf'], WRONG_USAGE, /Allowed choices are same, any\./],
  [['train', '', '--out', out], FAILED, /^raycam: an empty path: does not exist/],
];

it.each([
  ...[
    '-1',
    '1e309',
    '',
    ' ',
    '1.5',
    'NaN',
    'ten',
    '9'.repeat(30),
    '__proto__',
    '١',
    '1_000',
    '1,5',
    '0x',
    '--1',
    'Infinity',
  ],
])('rejects %j where a whole number is required', text => {
  expect(() => wholeNumber(0)(text)).toThrow('Expected a whole number of at least 0.');
});

it.each(['NaN', '-1', '0', '-0', '1e-400', 'Infinity', '', ' ', 'x'])(
  'rejects %j where a positive number is required',
  text => {
    expect(() => positiveNumber(text)).toThrow('Expected a number over 0.');
  },
);

it('rejects every value with one sentence, and writes nothing', async () => {
  mkdirSync(out, { recursive: true });
  const waiting = [...CASES];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [args, status, stderr] = next;
      const ran = await raycam(args);
      const shown = args.map(argument => argument.slice(0, 80)).join(' ');
      expect(ran.stderr, shown).toMatch(stderr);
      expect(ran.stderr, shown).not.toMatch(/\n {4}at /);
      expect([ran.status, ran.stdout], shown).toEqual([status, '']);
    }
  };
  await Promise.all([worker(), worker()]);
  expect(readdirSync(out)).toEqual([]);
});
