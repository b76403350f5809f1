import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareAll, compareDigests, type NamedDigests, readReport } from '../../src/doctor/compare_reports.ts';
import type { DoctorReport } from '../../src/doctor/doctor_report.ts';
import { InputError } from '../../src/errors/index.ts';
import { raycam, records, temporaryFolder } from '../cli/run.ts';

const digests = (name: string, layers: Record<string, readonly number[]>): NamedDigests => ({
  name,
  layers: Object.entries(layers).map(([layer, digest]) => ({ layer, digest })),
});

describe('two adapters', () => {
  const a = digests('wasm', { conv1: [1, 2, 3], layer1: [10, -20], fc: [0.5] });

  it('agree within the bound', () => {
    const { firstDivergence, layers, between } = compareDigests(
      a,
      digests('gpu', { conv1: [1, 2, 3.0001], layer1: [10, -20], fc: [0.5] }),
    );
    expect([firstDivergence, between]).toEqual([null, ['wasm', 'gpu']]);
    expect(layers[0]!.error).toBeCloseTo(0.0001 / 3.0001, 6);
  });

  it('diverge at the first layer that differs by more', () => {
    const { firstDivergence, layers } = compareDigests(
      a,
      digests('gpu', { conv1: [1, 2, 3], layer1: [10, -19], fc: [9] }),
    );
    expect(firstDivergence).toBe('layer1');
    expect(layers.map(({ agrees }) => agrees)).toEqual([true, false, false]);
  });

  it('diverge where a value is NaN', () => {
    expect(
      compareDigests(a, digests('gpu', { conv1: [1, Number.NaN, 3], layer1: [10, -20], fc: [0.5] })).firstDivergence,
    ).toBe('conv1');
    expect(compareDigests(digests('cpu', { fc: [0, 0] }), digests('gpu', { fc: [0, 0] })).firstDivergence).toBe('fc');
  });

  it('cannot be compared if their layers differ', () => {
    expect(() => compareDigests(a, digests('gpu', { conv1: [1, 2, 3] }))).toThrow(
      new InputError(
        'doctor: wasm and gpu have different layers, so they come from different versions. Run `raycam doctor --json` of the same version on both',
      ),
    );
  });

  it('are compared in every pair', () => {
    const names = compareAll([a, { ...a, name: 'gpu' }, { ...a, name: 'page' }]).map(({ between }) => between.join());
    expect(names).toEqual(['wasm,gpu', 'wasm,page', 'gpu,page']);
  });
});

describe('readReport rejects', () => {
  const none = 'doctor: r.json: is not a report. Write one to another file with `raycam doctor --json`';
  const nothing = 'doctor: r.json: no adapter completed the self-test, so there is nothing to compare';
  it.each([
    ['', none],
    ['{"adapters": 7}', none],
    ['[]', none],
    ['null', none],
    ['{"adapters": [null]}', none],
    ['{"adapters": [{"adapter": "gpu", "present": true}]}', none],
    [
      '{"adapters": [{"adapter": "gpu", "present": true, "selfTest": {"layers": [{"layer": "fc", "digest": ["1"]}]}}]}',
      none,
    ],
    ['{"adapters": []}', nothing],
    ['{"adapters": [{"adapter": "gpu", "present": false, "reason": "none"}]}', nothing],
    ['{"adapters": [{"adapter": "gpu", "present": true, "selfTest": {"passed": false, "reason": "lost"}}]}', nothing],
  ])('%s', (text, message) => expect(() => readReport('r.json', text)).toThrow(new InputError(message)));
});

describe('raycam doctor --compare', () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  beforeAll(async () => {
    for (const adapter of ['wasm', 'swiftshader']) {
      const ran = await raycam(['doctor', '--json', '--quiet', '--adapter', adapter, '--cache-dir', folder]);
      expect(ran.status).toBe(0);
      writeFileSync(file(`${adapter}.json`), ran.stdout);
    }
  });

  it('prints the largest difference of two adapters that agree', async () => {
    const ran = await raycam(['doctor', '--compare', file('wasm.json'), file('swiftshader.json')]);
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toMatch(
      /^.*wasm\.json wasm and .*swiftshader\.json swiftshader agree: the largest difference is \d\.\de-\d+, in [\w.]+ \(0\.0001 allowed\)\nPASS\n$/,
    );
    const [json] = records(
      await raycam(['doctor', '--json', '--compare', file('wasm.json'), file('swiftshader.json')]),
    );
    const { comparisons } = json as { comparisons: { layers: { layer: string; error: number }[] }[] };
    expect(comparisons[0]!.layers).toHaveLength(12);
    // Measured: at most 2e-6.
    for (const { layer, error } of comparisons[0]!.layers) expect([layer, error < 1e-5]).toEqual([layer, true]);
  });

  it('names the first layer that diverges', async () => {
    const report = JSON.parse(readFileSync(file('wasm.json'), 'utf8')) as DoctorReport;
    const record = report.adapters[0]!;
    if (!record.present || !('layers' in record.selfTest)) throw new Error('the self-test did not run');
    const { layers } = record.selfTest;
    const wrong = layers.map((layer, i) =>
      i < 8 ? layer : { ...layer, digest: layer.digest.map(value => value * 1.01) },
    );
    writeFileSync(
      file('wrong.json'),
      JSON.stringify({ adapters: [{ ...record, selfTest: { ...record.selfTest, layers: wrong } }] }),
    );
    const ran = await raycam(['doctor', '--compare', file('swiftshader.json'), file('wrong.json')]);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain(`differ: the first layer that diverges is ${layers[8]!.layer} (0.0001 allowed)\n`);
    expect(ran.stdout.match(/ {2}diverges\n/g)).toHaveLength(4);
    expect(ran.stdout).toMatch(/\nFAIL\n$/);
  });

  it('requires two files', async () => {
    const ran = await raycam(['doctor', '--compare', file('wasm.json')]);
    expect([ran.status, ran.stderr]).toEqual([2, 'raycam: doctor: --compare takes two reports, got 1\n']);
  });
});
