import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceOf, reportOf, straysOf } from './compare.ts';
import { execute, openDawn, openEveryWasm, type Tested } from './devices.ts';
import { floatProgram } from './float_programs.ts';
import { randomProgram } from './program.ts';

/**
 * The number of programs and the seed. Three in four programs are whole shaders; the others contain only float
 * arithmetic.
 */
const PROGRAMS = Number(process.env.RAYCAM_PROGRAMS ?? 160);
const SEED = Number(process.env.RAYCAM_SEED ?? 20);
/** The most programs that shrinking a counterexample may run. */
const MOST_SHRINKS = 400;

let dawn: Tested;
let tested: Tested[];
beforeAll(async () => {
  dawn = await openDawn();
  tested = await openEveryWasm();
});
afterAll(() => {
  for (const { device } of tested) device.destroy();
});

/**
 * Checks a property of programs made from random numbers. A failure reports the seed and the simplest failing program.
 */
async function check(programs: number, property: (numbers: number[]) => Promise<void>): Promise<number> {
  let shrinks = 0;
  let done = 0;
  const numbers = fc.array(fc.nat(0xffff), { maxLength: 1000, size: 'max' });
  await fc.assert(
    fc.asyncProperty(numbers, async list => {
      if (shrinks > MOST_SHRINKS) return;
      try {
        await property(list);
        done++;
        if (programs > 1000 && done % 100 === 0) process.stderr.write(`${done} of ${programs} programs\n`);
      } catch (error) {
        shrinks++;
        throw error;
      }
      if (shrinks > 0) shrinks++;
    }),
    { seed: SEED, numRuns: programs, unbiased: true },
  );
  return done;
}

describe(`${PROGRAMS} programs, seed ${SEED}`, () => {
  const floats = Math.ceil(PROGRAMS / 4);

  it('of integers, bools and exact floats compute the same bits as Dawn', { timeout: 4 * 3600_000 }, async () => {
    const wanted = PROGRAMS - floats;
    const done = await check(wanted, async numbers => {
      const program = randomProgram(numbers);
      const expected = await execute(dawn, program);
      // The generator makes only valid shaders: if Dawn refuses one, the generator has a bug.
      if ('error' in expected) throw reportOf(dawn.name, expected.error, program);
      for (const one of tested) {
        const difference = differenceOf(expected, await execute(one, program));
        if (difference) throw reportOf(one.name, difference, program);
      }
    });
    expect(done).toBe(wanted);
  });

  it('of floats are as accurate as WGSL requires, on Dawn and on the wasm device', { timeout: 3600_000 }, async () => {
    let results = 0;
    const done = await check(floats, async numbers => {
      const { program, expected } = floatProgram(numbers);
      for (const one of [dawn, ...tested]) {
        const strays = straysOf(expected, await execute(one, program));
        if (strays) throw reportOf(one.name, strays, program);
      }
      results += expected.filter(interval => interval !== undefined).length;
    });
    expect(done).toBe(floats);
    // A program has about 150 results, a fifth of which WGSL leaves open.
    expect(results).toBeGreaterThan(20 * floats);
  });
});
