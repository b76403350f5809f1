/** Finds the first layer in which two adapters differ, by comparing the digests that their self-tests recorded. */
import { InputError } from '../errors/index.ts';
import type { AdapterRecord, DoctorReport } from './doctor_report.ts';
import { BOUND, relativeError } from './self_test.ts';

/** The digests of one adapter's layers, in the order in which they run. */
export interface NamedDigests {
  /** Name in messages: `wasm`, or `laptop.json wasm`. */
  readonly name: string;
  readonly layers: readonly { readonly layer: string; readonly digest: readonly number[] }[];
}

export interface ComparedLayer {
  readonly layer: string;
  /** The largest difference, relative to the layer's largest magnitude; NaN if a value is NaN. */
  readonly error: number;
  readonly agrees: boolean;
}

export interface Comparison {
  readonly between: readonly [string, string];
  /** Maximum error of a layer that agrees. */
  readonly bound: number;
  readonly layers: readonly ComparedLayer[];
  /** The first layer with a larger error, or null. Errors in later layers may be its consequence. */
  readonly firstDivergence: string | null;
}

/** Returns whether there is an adapter, every adapter passes its self-test, and all agree. */
export function passes(adapters: readonly AdapterRecord[], comparisons: readonly Comparison[]): boolean {
  const present = adapters.filter(adapter => adapter.present);
  return (
    present.length > 0 &&
    present.every(({ selfTest }) => selfTest.passed) &&
    comparisons.every(({ firstDivergence }) => firstDivergence === null)
  );
}

/** Compares two adapters layer by layer. @throws InputError  their self-tests have different layers */
export function compareDigests(a: NamedDigests, b: NamedDigests): Comparison {
  const names = ({ layers }: NamedDigests) => layers.map(({ layer, digest }) => `${layer} ${digest.length}`).join();
  if (names(a) !== names(b))
    throw new InputError(
      `doctor: ${a.name} and ${b.name} have different layers, so they come from different versions. Run \`raycam doctor --json\` of the same version on both`,
    );
  const layers = a.layers.map(({ layer, digest }, i) => {
    const error = relativeError(Float32Array.from(digest), Float32Array.from(b.layers[i]!.digest));
    return { layer, error, agrees: error <= BOUND };
  });
  const firstDivergence = layers.find(({ agrees }) => !agrees)?.layer ?? null;
  return { between: [a.name, b.name], bound: BOUND, layers, firstDivergence };
}

/** Compares every pair of a list. */
export function compareAll(all: readonly NamedDigests[]): Comparison[] {
  return all.flatMap((a, i) => all.slice(i + 1).map(b => compareDigests(a, b)));
}

/** Compares every adapter of one report with every adapter of the other. @throws InputError  their layers differ */
export function compareReports(a: readonly NamedDigests[], b: readonly NamedDigests[]): Comparison[] {
  return a.flatMap(one => b.map(other => compareDigests(one, other)));
}

/** Returns the digests of the adapters that completed the self-test, whether it passed or failed. */
export function digestsOf({ adapters }: DoctorReport, file?: string): NamedDigests[] {
  return adapters.flatMap(record => {
    if (!record.present || 'reason' in record.selfTest) return [];
    return { name: file === undefined ? record.adapter : `${file} ${record.adapter}`, layers: record.selfTest.layers };
  });
}

/**
 * Reads a report from `raycam doctor --json` or from the page's doctor.
 *
 * @throws InputError  it is not a report, or contains no completed self-test
 */
export function readReport(file: string, text: string): NamedDigests[] {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    // The check below rejects text that is not JSON too.
  }
  const adapters = (report as Partial<DoctorReport> | null | undefined)?.adapters;
  if (!Array.isArray(adapters) || !adapters.every(isRecord))
    throw new InputError(`doctor: ${file}: is not a report. Write one to another file with \`raycam doctor --json\``);
  const found = digestsOf({ adapters }, file);
  if (found.length === 0)
    throw new InputError(`doctor: ${file}: no adapter completed the self-test, so there is nothing to compare`);
  return found.map(({ name, layers }) => ({
    name,
    // JSON has no NaN; JSON.stringify writes null.
    layers: layers.map(({ layer, digest }) => ({ layer, digest: digest.map(value => value ?? Number.NaN) })),
  }));
}

function isRecord(value: unknown): boolean {
  const record = value as { adapter?: unknown; present?: unknown; selfTest?: { reason?: unknown; layers?: unknown } };
  if (typeof record !== 'object' || record === null || typeof record.adapter !== 'string') return false;
  if (!record.present) return true;
  const { selfTest } = record;
  if (typeof selfTest !== 'object' || selfTest === null) return false;
  if (typeof selfTest.reason === 'string') return true;
  return Array.isArray(selfTest.layers) && selfTest.layers.every(isLayer);
}

function isLayer(value: unknown): boolean {
  const { layer, digest } = (value ?? {}) as { layer?: unknown; digest?: unknown };
  return (
    typeof layer === 'string' &&
    Array.isArray(digest) &&
    digest.every(number => number === null || typeof number === 'number')
  );
}
