import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directVariants } from '../src/bench/convolution_subject.ts';
import { allCaseTables, registeredKernels } from '../src/oracle/case_tables.ts';
import { failuresOf } from '../src/oracle/check.ts';
import { Device } from '../src/runtime/device.ts';

const tables = await allCaseTables();

let devices: readonly Device[];
beforeAll(async () => {
  devices = [await Device.open({ adapter: 'swiftshader' }), await Device.open({ adapter: 'wasm', threads: 2 })];
});
afterAll(() => {
  for (const device of devices) device.dispose();
});

it('the wasm device has 256-bit SIMD in Node 24 to 26 on x86-64, and says so', () => {
  const isWide = process.arch === 'x64' && ['24', '25', '26'].includes(process.versions.node.split('.')[0]!);
  const { adapter } = devices[1]!;
  expect(adapter).toMatchObject({
    kind: 'wasm',
    vendor: 'raycam',
    architecture: isWide ? 'wasm-wide-simd' : 'wasm-relaxed-simd',
    description: `WebAssembly, 2 threads, ${isWide ? '256-bit' : 'relaxed'} SIMD`,
    toggles: [],
  });
});

describe('every kernel of the registry has a table', () => {
  it('in the file of its name, and no file is left over', () => {
    expect(tables.map(({ kernel }) => kernel)).toEqual(registeredKernels);
    const files = readdirSync('src/oracle/cases').map(file => file.replace('.ts', ''));
    expect(files.sort()).toEqual(registeredKernels.map(({ name }) => name).sort());
  });

  it('with cases, each under its own name', () => {
    for (const { kernel, cases } of tables) {
      const names = cases.map(({ why }) => why);
      expect(names.length, kernel.name).toBeGreaterThan(0);
      expect(new Set(names).size, kernel.name).toBe(names.length);
    }
  });

  it('with rows for the bench, unless the bench times it as a variant of conv2d', () => {
    const variants = directVariants();
    for (const { kernel, perf } of tables) expect(perf.length > 0, kernel.name).toBe(!variants.includes(kernel));
  });
});

for (const table of tables)
  describe(`${table.kernel.name} on SwiftShader and WebAssembly`, () => {
    for (const row of table.cases) it(row.why, async () => expect(await failuresOf(devices, table, row)).toEqual([]));
  });
