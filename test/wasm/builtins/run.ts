import { execute, type Program, type Tested } from '../differential/devices.ts';
import type { Group, Near, Row, Words } from './table.ts';

interface Layout {
  readonly scalar: 'f32' | 'i32' | 'u32' | 'bool';
  readonly columns: number;
  readonly rows: number;
}

const LETTERS: Readonly<Record<string, Layout['scalar']>> = { f: 'f32', i: 'i32', u: 'u32' };

function layoutOf(type: string): Layout {
  const vector = /^vec(\d)(?:([fiu])|<bool>)$/.exec(type);
  if (vector) return { scalar: vector[2] ? LETTERS[vector[2]]! : 'bool', columns: 1, rows: Number(vector[1]) };
  const matrix = /^mat(\d)x(\d)f$/.exec(type);
  if (matrix) return { scalar: 'f32', columns: Number(matrix[1]), rows: Number(matrix[2]) };
  return { scalar: type as Layout['scalar'], columns: 1, rows: 1 };
}

const listOf = (words: Words): readonly number[] => (typeof words === 'number' ? [words] : words);

function literal(scalar: Layout['scalar'], value: number): string {
  switch (scalar) {
    case 'bool':
      return value ? 'true' : 'false';
    case 'u32':
      return `${value}u`;
    case 'i32':
      return value === -(2 ** 31) ? 'i32(-2147483648)' : `(${value}i)`;
    case 'f32':
      return `(${Math.fround(value)}f)`;
  }
}

/** Writes one argument as WGSL: literals if it is constant, otherwise reads of the words from `at` on. */
function argument(type: string, words: Words, at: number, isConst: boolean): string {
  const { scalar } = layoutOf(type);
  const parts = listOf(words).map((value, i) => {
    if (isConst) return literal(scalar, value);
    const word = `words[${at + i}]`;
    return scalar === 'u32' ? word : scalar === 'bool' ? `(${word} != 0u)` : `bitcast<${scalar}>(${word})`;
  });
  return parts.length === 1 ? parts[0]! : `${type}(${parts.join(', ')})`;
}

function call(group: Group, args: readonly string[]): string {
  return group.call.replaceAll(/\$(\d)/g, (_, index) => args[Number(index)]!);
}

const scratch = new DataView(new ArrayBuffer(4));

function wordOf(scalar: Layout['scalar'], value: number): number {
  if (scalar !== 'f32') return value >>> 0;
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

/** Rows of a group to run, with arguments that are constants or read at run time. */
export interface Job {
  readonly group: Group;
  readonly rows: readonly Row[];
  readonly isConst: boolean;
}

function resultsOf({ group, rows }: Job): number {
  const { columns, rows: size } = layoutOf(group.gives);
  return rows.length * columns * size;
}

/** Builds one kernel that runs all jobs and writes their results one after another. */
function programOf(jobs: readonly Job[]): Program {
  const words: number[] = [];
  let results = 0;
  const lines = jobs.flatMap((job, j) => {
    const { group, rows, isConst } = job;
    const { scalar, columns, rows: size } = layoutOf(group.gives);
    return rows.flatMap(([args], n) => {
      const texts = args.map((arg, i) => {
        const type = group.takes[i]!;
        const at = words.length;
        words.push(...listOf(arg).map(value => wordOf(layoutOf(type).scalar, value)));
        return argument(type, arg, at, isConst);
      });
      const name = `r${j}_${n}`;
      const parts = Array.from({ length: columns * size }, (_, i) => {
        const component = size === 1 ? '' : `[${i % size}]`;
        const part = `${name}${columns === 1 ? '' : `[${Math.floor(i / size)}]`}${component}`;
        const word = scalar === 'f32' || scalar === 'i32' ? `bitcast<u32>(${part})` : `u32(${part})`;
        return `out[${results++}] = ${word};`;
      });
      return [`${isConst ? 'const' : 'let'} ${name} = ${call(group, texts)};`, ...parts];
    });
  });
  return program(lines, words, results);
}

/** The most jobs in one kernel. A larger kernel takes longer to compile than two of half its size. */
const JOBS_AT_ONCE = 8;

/** Runs jobs and describes the rows with wrong results. If a kernel is rejected, its jobs are split in halves. */
export async function wrongIn(device: Tested, jobs: readonly Job[]): Promise<string[]> {
  if (jobs.length > JOBS_AT_ONCE) {
    const first = await wrongIn(device, jobs.slice(0, JOBS_AT_ONCE));
    return [...first, ...(await wrongIn(device, jobs.slice(JOBS_AT_ONCE)))];
  }
  if (jobs.length === 0) return [];
  const outcome = await execute(device, programOf(jobs));
  if ('error' in outcome) {
    if (jobs.length === 1) return [`${device.name}: ${jobs[0]!.group.call}: ${outcome.error}`];
    const half = jobs.length >> 1;
    return [...(await wrongIn(device, jobs.slice(0, half))), ...(await wrongIn(device, jobs.slice(half)))];
  }
  let at = 0;
  return jobs.flatMap(job => {
    const results = outcome.buffers[0]!.slice(at, at + resultsOf(job));
    at += resultsOf(job);
    return wrongRows(job, results).map(text => `${device.name}${job.isConst ? ', constant' : ''}: ${text}`);
  });
}

export function refusedProgram(group: Group, args: readonly Words[]): Program {
  const texts = args.map((arg, i) => argument(group.takes[i]!, arg, 0, true));
  return program([`const r = ${call(group, texts)};`], [], 1);
}

function program(lines: readonly string[], words: readonly number[], results: number): Program {
  const source = `@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1) fn main() {
${lines.join('\n')}
}`;
  return {
    source,
    workgroups: 1,
    buffers: [
      { use: 'input', words: Uint32Array.from(words.length > 0 ? words : [0]) },
      { use: 'output', words: new Uint32Array(results) },
    ],
  };
}

function ulp(value: number): number {
  const magnitude = Math.max(Math.abs(value), 2 ** -126);
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

function isRight(
  scalar: Layout['scalar'],
  word: number,
  expected: number,
  { ulps = 0, absolute = 0 }: Partial<Near>,
): boolean {
  if (scalar !== 'f32') return word === expected >>> 0;
  scratch.setUint32(0, word);
  const got = scratch.getFloat32(0);
  const isNear = ulps > 0 || absolute > 0;
  if (isNear) return Math.abs(got - expected) <= Math.max(ulps * ulp(expected), absolute);
  // The sign of zero matters only if the row expects -0.
  if (Object.is(expected, -0)) return Object.is(got, -0);
  return Number.isNaN(expected) ? Number.isNaN(got) : got === Math.fround(expected);
}

/** Describes the rows of a job whose results are wrong. */
function wrongRows({ group, rows }: Job, results: Uint32Array): string[] {
  const { scalar, columns, rows: size } = layoutOf(group.gives);
  const count = columns * size;
  return rows.flatMap(([args, expected], n) => {
    const tolerance: Partial<Near> = typeof expected === 'object' && 'value' in expected ? expected : {};
    const wanted = listOf(tolerance.value ?? (expected as Words));
    const got = results.slice(n * count, (n + 1) * count);
    if (wanted.every((value, i) => isRight(scalar, got[i]!, value, tolerance))) return [];
    const shown = scalar === 'f32' ? [...new Float32Array(got.buffer)] : [...got];
    return [
      `${call(
        group,
        args.map(arg => `[${listOf(arg)}]`),
      )} of ${group.takes} is ${shown}, expected ${wanted}`,
    ];
  });
}

/**
 * Returns the same rows as lanes of vectors. A vector combines each row with the rows after it, or repeats one row if
 * some arguments stay scalars.
 */
export function vectorized(group: Group, size: number): Group {
  const scalars = group.scalars ?? [];
  const vector = (type: string) => (type === 'bool' ? `vec${size}<bool>` : `vec${size}${type[0]}`);
  const together = (rows: readonly Row[] = []): Row[] =>
    rows.map((_, n) => {
      const lanes = Array.from({ length: size }, (_, lane) => rows[(scalars.length > 0 ? n : n + lane) % rows.length]!);
      const args = group.takes.map((_, i) =>
        scalars.includes(i) ? lanes[0]![0][i]! : lanes.map(([list]) => list[i] as number),
      );
      const wants = lanes.map(([, expected]) =>
        typeof expected === 'object' && 'value' in expected ? expected : undefined,
      );
      const value = lanes.map(([, expected], i) => (wants[i]?.value ?? expected) as number);
      const ulps = Math.max(0, ...wants.map(one => one?.ulps ?? 0));
      const absolute = Math.max(0, ...wants.map(one => one?.absolute ?? 0));
      return [args, ulps > 0 || absolute > 0 ? { value, ulps, absolute } : value];
    });
  // Calls that name the result's type, such as `i32(x)`.
  const types: Readonly<Record<string, string>> = {
    'i32($0)': vector('i32'),
    'u32($0)': vector('u32'),
    'f32($0)': vector('f32'),
    'bool($0)': vector('bool'),
  };
  const name = types[group.call];
  return {
    call: name ? `${name}($0)` : group.call,
    takes: group.takes.map((type, i) => (scalars.includes(i) ? type : vector(type))),
    gives: vector(group.gives),
    rows: together(group.rows),
    runTime: together(group.runTime),
    open: together(group.open),
  };
}
