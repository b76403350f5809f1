import { isDeepStrictEqual } from 'node:util';
import { RaycamError } from '../../src/errors/index.ts';
import { slowdown } from '../harness/slowdown.ts';
import { type HostileCase, MOST_EXTRA_BYTES, MOST_MS, type Outcome } from './case.ts';
import { FOLDERS } from './folders.ts';
import { HEADS } from './heads.ts';
import { IMAGES } from './images.ts';
import { STORES } from './stores.ts';
import { WEIGHTS } from './weights.ts';

export const CASES: readonly HostileCase[] = [...WEIGHTS, ...IMAGES, ...HEADS, ...STORES, ...FOLDERS];

/** A case that takes too long is run again, since another program may have slowed it down. */
const MOST_RUNS = 4;

/** Runs one case on its prepared input and returns the outcome. */
export async function runCase(hostile: HostileCase, input: string, folder: string): Promise<Outcome> {
  let outcome = await runOnce(hostile, input, folder);
  for (let run = 1; run < MOST_RUNS && outcome.fault?.endsWith(' ms'); run++)
    outcome = await runOnce(hostile, input, folder);
  return outcome;
}

async function runOnce(hostile: HostileCase, input: string, folder: string): Promise<Outcome> {
  const before = process.resourceUsage().maxRSS * 1024;
  const started = process.cpuUsage();
  let [said, fault] = ['right', undefined as string | undefined];
  try {
    fault = faultOfValue(hostile, await hostile.use(input, folder));
  } catch (error) {
    said = (error as Error).message;
    fault = faultOfError(hostile, error as Error);
  }
  const { user, system } = process.cpuUsage(started);
  const elapsedMs = (user + system) / 1000;
  const extraBytes = process.resourceUsage().maxRSS * 1024 - before;
  fault ??= faultOfCost(elapsedMs, extraBytes) ?? pollution();
  return { kind: hostile.kind, name: hostile.name, fault, said, elapsedMs, extraBytes };
}

function faultOfValue({ expected }: HostileCase, value: unknown): string | undefined {
  if (expected instanceof RegExp) return `returned ${JSON.stringify(value)?.slice(0, 200)}, expected an error`;
  if (isDeepStrictEqual(value, expected.value)) return undefined;
  return `returned ${JSON.stringify(value)?.slice(0, 200)}, expected ${JSON.stringify(expected.value)?.slice(0, 200)}`;
}

/**
 * Checks that the error is a RaycamError with the expected message. An image's message comes from the loader's list.
 */
function faultOfError({ kind, expected }: HostileCase, error: Error): string | undefined {
  if (!(expected instanceof RegExp)) return `threw: ${error.message}`;
  if (!(error instanceof RaycamError) && kind !== 'images') return `threw a ${error.name}: ${error.message}`;
  if (!expected.test(error.message)) return `said: ${error.message.slice(0, 300)}`;
  return error.message.length > 4000 ? `said ${error.message.length} characters` : undefined;
}

function faultOfCost(elapsedMs: number, extraBytes: number): string | undefined {
  if (elapsedMs > MOST_MS && elapsedMs > MOST_MS * slowdown()) return `took ${elapsedMs.toFixed(0)} ms`;
  return extraBytes > MOST_EXTRA_BYTES ? `took ${(extraBytes / 1e6).toFixed(0)} MB` : undefined;
}

/** Checks that nothing was added to a built-in prototype. */
function pollution(): string | undefined {
  for (const shared of [Object.prototype, Array.prototype, Function.prototype]) {
    const added = Object.keys(shared);
    if (added.length > 0) return `left ${added.join(', ')} on a prototype`;
  }
  return undefined;
}
