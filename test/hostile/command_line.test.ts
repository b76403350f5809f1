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

const CASES: readonly (readonly [args: readonly string[], status: number, stderr: RegExp])[] = [
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
  [['predict'], WRONG_USAGE, /^error: missing required argument 'image'/],
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
    ['weights', 'convert', XRAY, out],
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
