import { readdirSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { Array64 } from '../../src/oracle/array64.ts';
import { type Case, type CaseTable, shapesOf } from '../../src/oracle/case_table.ts';
import { allCaseTables } from '../../src/oracle/case_tables.ts';
import { compareValues, expectationOf } from '../../src/oracle/check.ts';
import { elementCount } from '../../src/runtime/shape.ts';
import { emulatedTable } from '../half/emulated_table.ts';
import { type Contents, lockstepRaces, orderRaces, type RaceBinding, type RaceDispatch } from './races.ts';

// Kernels for subgroups exchange values without shared memory, and neither race finder can run them.
const isRun = ({ kernel }: CaseTable) => kernel.feature === undefined;
const registered = await allCaseTables();
const tables = [...registered.filter(isRun), emulatedTable({ rows: 8, columns: 8, depth: 8, invocations: 8 })];

/** Larger cases are skipped. The smaller cases of the same table take the same paths through the shader. */
const MOST_WORKGROUPS = 64;
const MOST_ELEMENTS = 40_000;
/**
 * How many of each table's smallest cases wgsl_reflect's interpreter runs. It is slow, and compares all pairs of
 * accesses.
 */
const INTERPRETED = 3;

/**
 * The interpreter of wgsl_reflect computes wrong outputs for some shaders, and what it reports of their accesses then
 * proves little. Those shaders are only tested by order. The interpreter must get every case of at least this many
 * shaders right.
 */
const LEAST_UNDERSTOOD = 25;
let understood = 0;
/** It also prints what it does not understand, once per invocation. */
vi.spyOn(console, 'error').mockImplementation(() => {});

interface Prepared {
  readonly table: CaseTable;
  readonly dispatch: RaceDispatch;
  readonly expected: Readonly<Record<string, Array64>>;
}

/** Returns the dispatch of a case, or undefined if the case is too large. */
function prepare(table: CaseTable, row: Case): Prepared | undefined {
  const { kernel } = table;
  const shapes = shapesOf(row);
  const plan = kernel.plan(shapes, row.options as never);
  const elements = Object.values(shapes).reduce((sum, shape) => sum + elementCount(shape), 0);
  const workgroups = plan.workgroups.reduce((product, count) => product * count, 1);
  if (elements > MOST_ELEMENTS || workgroups > MOST_WORKGROUPS) return undefined;
  const { inputs, expected } = expectationOf(table, row);
  const bytesOf = (name: string): Uint8Array => {
    if (name === 'params') return new Uint8Array(kernel.packParams(plan.params ?? {}));
    if (inputs[name]) return bytes(inputs[name].data);
    if (expected[name]) return bytes(new Float32Array(expected[name].data.length).fill(Number.NaN));
    return new Uint8Array(16); // an optional input that the case leaves out
  };
  const bindings = kernel.interface.bindings.map(
    ({ name, type }): RaceBinding => ({ name, type, bytes: bytesOf(name) }),
  );
  const { constants, workgroups: grid } = plan;
  return { table, dispatch: { shader: kernel.shader, constants, workgroups: grid, bindings }, expected };
}

/** Returns what is wrong with the outputs that a race finder computed. A finder with wrong outputs proves nothing. */
function failuresOf({ table, expected }: Prepared, contents: Contents): readonly string[] {
  return Object.entries(expected)
    .map(
      ([name, values]) => compareValues(name, new Float32Array(contents[name]!.slice().buffer), values, table).failure,
    )
    .filter(failure => failure !== undefined);
}

function bytes(data: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(data.slice().buffer);
}

/** Returns the races that detectRaces finds, or undefined if its interpreter computes wrong outputs. */
function lockstepRacesOf(prepared: Prepared): readonly string[] | undefined {
  try {
    const { races, contents } = lockstepRaces(prepared.dispatch);
    return failuresOf(prepared, contents).length === 0 ? races : undefined;
  } catch {
    return undefined;
  }
}

const sizeOf = ({ dispatch }: Prepared) => dispatch.bindings.reduce((sum, binding) => sum + binding.bytes.length, 0);

describe.each(tables.map(table => [table.kernel.name, table] as const))('%s', (_, table) => {
  const prepared = table.cases
    .filter(({ error }) => error === undefined)
    .map(row => prepare(table, row))
    .filter(found => found !== undefined)
    .sort((a, b) => sizeOf(a) - sizeOf(b));

  it('writes each element once, and returns the same bits in any order of workgroups and invocations', () => {
    expect(prepared.length).toBeGreaterThan(0);
    for (const each of prepared) {
      const { races, contents } = orderRaces(each.dispatch);
      expect([...races, ...failuresOf(each, contents)]).toEqual([]);
    }
  });

  it('has no race that detectRaces finds', () => {
    for (const each of prepared.slice(0, INTERPRETED)) {
      const races = lockstepRacesOf(each);
      if (races === undefined) return; // counted below
      expect(races).toEqual([]);
    }
    understood++;
  });
});

it('detectRaces computes the right outputs for most shaders', () =>
  expect(understood).toBeGreaterThanOrEqual(LEAST_UNDERSTOOD));

it('covers every shader but those for subgroups', () => {
  const shaders = readdirSync('shaders').map(file => file.replace('.wgsl', ''));
  const subgroups = registered.filter(table => !isRun(table));
  expect(subgroups.map(({ kernel }) => kernel.feature)).toEqual(['subgroups', 'subgroups']);
  expect(shaders.sort()).toEqual([...tables, ...subgroups].map(({ kernel }) => kernel.name).sort());
});

describe('orderRaces and detectRaces', () => {
  const words = (count: number) => Float32Array.from({ length: count }, (_, i) => i + 1);
  const dispatchOf = (body: string, workgroups = 2): RaceDispatch => ({
    shader: `
      var<workgroup> t: array<f32, 8>;
      @group(0) @binding(0) var<storage, read_write> y: array<f32>;
      @compute @workgroup_size(8)
      fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let i = id.x;
        ${body}
      }`,
    workgroups: [workgroups, 1, 1],
    bindings: [{ name: 'y', type: 'storage', bytes: bytes(words(16)) }],
  });

  it.each([
    ['two workgroups write one element', 'y[lane] = f32(i);', 'with workgroups in reverse'],
    ['two invocations write one element', 'y[i / 2u] = f32(i);', 'word 0 is written by invocations 0 and 1'],
    [
      'two invocations write one element, the same value',
      'y[i / 2u] = 7.0;',
      'word 7 is written by invocations 14 and 15',
    ],
    ['one reads what another writes', 'y[i] = y[(i + 1u) % 16u] + 1.0;', 'with invocations in reverse'],
    ['a barrier is missing', 't[lane] = y[i]; y[i] = t[7u - lane];', 'with invocations in reverse'],
    [
      'a second barrier is missing',
      't[lane] = y[i]; workgroupBarrier(); let other = t[7u - lane]; t[lane] = other * 2.0; y[i] = t[lane ^ 1u];',
      'with invocations in reverse',
    ],
  ])('orderRaces finds it: %s', (_, body, found) => {
    const { races } = orderRaces(dispatchOf(body));
    expect(
      races.some(race => race.includes(found)),
      races.join('; '),
    ).toBe(true);
  });

  it.each([
    ['two invocations write one element', 'y[i / 2u] = 7.0;'],
    ['one reads what another writes', 'y[i] = y[(i + 1u) % 16u] + 1.0;'],
    ['a barrier is missing', 't[lane] = y[i]; y[i] = t[7u - lane];'],
  ])('detectRaces finds it: %s', (_, body) => {
    expect(lockstepRaces(dispatchOf(body, 1)).races.join()).toMatch(/Data race on '[yt]' byte \d+/);
  });

  it('neither reports a race between barriers', () => {
    const dispatch = dispatchOf(
      't[lane] = y[i]; workgroupBarrier(); let other = t[7u - lane]; workgroupBarrier(); t[lane] = other; y[i] = t[lane];',
    );
    expect(orderRaces(dispatch).races).toEqual([]);
    expect([...new Float32Array(orderRaces(dispatch).contents.y!.slice().buffer)].slice(0, 3)).toEqual([8, 7, 6]);
    expect(lockstepRaces(dispatch).races).toEqual([]);
  });
});
