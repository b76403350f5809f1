import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceOf, reportOf, straysOf } from './compare.ts';
import { execute, openDawn, openEveryWasm, type Tested } from './devices.ts';
import { floatProgram } from './float_programs.ts';
import { randomProgram } from './program.ts';

/** How many programs, of which three in four are of whole shaders and the others of floats alone; and where the choices start. */
const PROGRAMS = Number(process.env.RAYCAM_PROGRAMS ?? 160);
const SEED = Number(process.env.RAYCAM_SEED ?? 20);
/** A counterexample is made simpler for so many programs. */
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

/** Checks what random numbers make, and on a failure gives the simplest that fails, with the seed. */
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

  it('of integers, bools and exact floats: the same bits as Dawn', { timeout: 4 * 3600_000 }, async () => {
    const wanted = PROGRAMS - floats;
    const done = await check(wanted, async numbers => {
      const program = randomProgram(numbers);
      const expected = await execute(dawn, program);
      // Only valid shaders are made: one that Dawn refuses is a fault of the generator.
      if ('error' in expected) throw reportOf(dawn.name, expected.error, program);
      for (const one of tested) {
        const difference = differenceOf(expected, await execute(one, program));
        if (difference) throw reportOf(one.name, difference, program);
      }
    });
    expect(done).toBe(wanted);
  });

  it('of floats: Dawn and we are as accurate as WGSL says', { timeout: 3600_000 }, async () => {
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
    // Of about 150 results of a program WGSL leaves a fifth open.
    expect(results).toBeGreaterThan(20 * floats);
  });
});
