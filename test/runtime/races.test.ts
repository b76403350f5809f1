import { readdirSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { Array64 } from '../../src/oracle/array64.ts';
import { type Case, type CaseTable, shapesOf } from '../../src/oracle/case_table.ts';
import { caseTables, subgroupTables } from '../../src/oracle/cases/index.ts';
import { expectationOf } from '../../src/oracle/check.ts';
import { elementCount } from '../../src/runtime/shape.ts';
import { emulatedTable } from '../half/emulated_table.ts';
import { type Contents, lockstepRaces, orderRaces, type RaceBinding, type RaceDispatch } from './races.ts';

const tables = [...caseTables, emulatedTable({ rows: 8, columns: 8, depth: 8, invocations: 8 })];

/** Cases over these limits are skipped. Smaller cases of the same table take the same paths through the shader. */
const MOST_INVOCATIONS = 2048;
const MOST_ELEMENTS = 40_000;
/** Number of each table's smallest cases that wgsl_reflect's interpreter runs. It is slow, and compares all pairs of accesses. */
const INTERPRETED = 3;

/**
 * Minimum number of shaders that wgsl_reflect's interpreter must compute correctly in all cases it is given. It computes
 * some shaders wrongly, and its report about their accesses then proves little; they are still tested in other orders.
 */
const LEAST_UNDERSTOOD = 25;
let understood = 0;
/** The interpreter prints what it does not understand, once per invocation. */
vi.spyOn(console, 'error').mockImplementation(() => {});

interface Prepared {
  readonly dispatch: RaceDispatch;
  readonly expected: Readonly<Record<string, Array64>>;
  readonly bound: number;
}

function prepare(table: CaseTable, row: Case): Prepared | undefined {
  const { kernel, bound = 1e-10 } = table;
  const shapes = shapesOf(row);
  const plan = kernel.plan(shapes, row.options as never);
  const elements = Object.values(shapes).reduce((sum, shape) => sum + elementCount(shape), 0);
  const workgroups = plan.workgroups.reduce((product, count) => product * count, 1);
  if (elements > MOST_ELEMENTS || workgroups > MOST_INVOCATIONS / 32) return undefined;
  const { inputs, expected } = expectationOf(table, row);
  const bytesOf = (name: string): Uint8Array => {
    if (name === 'params') return new Uint8Array(kernel.packParams(plan.params ?? {}));
    if (inputs[name]) return bytes(inputs[name].data);
    if (expected[name]) return bytes(new Float32Array(expected[name].data.length).fill(Number.NaN));
    return new Uint8Array(16); // an optional input that the case omits
  };
  const bindings = kernel.interface.bindings.map(
    ({ name, type }): RaceBinding => ({ name, type, bytes: bytesOf(name) }),
  );
  return {
    dispatch: { shader: kernel.shader, constants: plan.constants, workgroups: plan.workgroups, bindings },
    expected,
    bound,
  };
}

/** Returns whether the outputs match the reference, so the race finder really ran the shader. */
function isRight({ expected, bound }: Prepared, contents: Contents): boolean {
  return Object.entries(expected).every(([name, { data }]) => {
    const got = new Float32Array(contents[name]!.slice().buffer);
    let [error, power] = [0, 0];
    for (const [i, want] of data.entries()) {
      if (Number.isNaN(want) !== Number.isNaN(got[i]!)) return false;
      if (Number.isNaN(want)) continue;
      error += (got[i]! - want) ** 2;
      power += want ** 2;
    }
    return error <= bound * (power || 1);
  });
}

function bytes(data: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(data.slice().buffer);
}

/** Returns whether `detectRaces` finds no race, or undefined if its interpreter computes wrong results. */
function raceFreeInLockstep(each: Prepared): boolean | undefined {
  try {
    const { races, contents } = lockstepRaces(each.dispatch);
    return isRight(each, contents) ? races.length === 0 : undefined;
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

  it('has no race in any order of workgroups and invocations', () => {
    expect(prepared.length).toBeGreaterThan(0);
    for (const each of prepared) {
      const { races, contents } = orderRaces(each.dispatch);
      expect([races, isRight(each, contents)]).toEqual([[], true]);
    }
  });

  it('has no race according to detectRaces', () => {
    for (const each of prepared.slice(0, INTERPRETED)) {
      const isFree = raceFreeInLockstep(each);
      if (isFree === undefined) return; // the interpreter does not understand the shader
      expect(isFree).toBe(true);
    }
    understood++;
  });
});

it('detectRaces understands most shaders', () => expect(understood).toBeGreaterThanOrEqual(LEAST_UNDERSTOOD));

it('every shader is tested', () => {
  const shaders = readdirSync('shaders').map(file => file.replace('.wgsl', ''));
  // Shaders for subgroups exchange values and share no memory. Neither race finder can run them.
  expect(shaders.sort()).toEqual([...tables, ...subgroupTables].map(({ kernel }) => kernel.name).sort());
});

describe('the race finders', () => {
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
    ['one invocation reads what another writes', 'y[i] = y[(i + 1u) % 16u] + 1.0;', 'with invocations in reverse'],
    ['a barrier is missing', 't[lane] = y[i]; y[i] = t[7u - lane];', 'with invocations in reverse'],
    [
      'a second barrier is missing',
      't[lane] = y[i]; workgroupBarrier(); let other = t[7u - lane]; t[lane] = other * 2.0; y[i] = t[lane ^ 1u];',
      'with invocations in reverse',
    ],
  ])('orderRaces finds: %s', (_, body, found) => {
    const { races } = orderRaces(dispatchOf(body));
    expect(
      races.some(race => race.includes(found)),
      races.join('; '),
    ).toBe(true);
  });

  it.each([
    ['two invocations write one element', 'y[i / 2u] = 7.0;'],
    ['one invocation reads what another writes', 'y[i] = y[(i + 1u) % 16u] + 1.0;'],
    ['a barrier is missing', 't[lane] = y[i]; y[i] = t[7u - lane];'],
  ])('detectRaces finds: %s', (_, body) => {
    expect(lockstepRaces(dispatchOf(body, 1)).races.join()).toMatch(/Data race on '[yt]' byte \d+/);
  });

  it('find no race between barriers', () => {
    const dispatch = dispatchOf(
      't[lane] = y[i]; workgroupBarrier(); let other = t[7u - lane]; workgroupBarrier(); t[lane] = other; y[i] = t[lane];',
    );
    expect(orderRaces(dispatch).races).toEqual([]);
    expect([...new Float32Array(orderRaces(dispatch).contents.y!.slice().buffer)].slice(0, 3)).toEqual([8, 7, 6]);
    expect(lockstepRaces(dispatch).races).toEqual([]);
  });
});
