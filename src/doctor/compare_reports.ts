/** Where two adapters part: the same network on the same input, layer by layer, by the digests that their self-tests left. */
import { InputError } from '../errors/index.ts';
import type { AdapterRecord, DoctorReport } from './doctor_report.ts';
import { BOUND, relativeError } from './self_test.ts';

/** One adapter's layers, in the order they run. */
export interface NamedDigests {
  /** As messages name it: `wasm`, or `laptop.json wasm`. */
  readonly name: string;
  readonly layers: readonly { readonly layer: string; readonly digest: readonly number[] }[];
}

export interface ComparedLayer {
  readonly layer: string;
  /** The largest difference, as a share of the layer's largest magnitude; NaN where a value is none. */
  readonly error: number;
  readonly agrees: boolean;
}

export interface Comparison {
  readonly between: readonly [string, string];
  /** How far a layer may differ. */
  readonly bound: number;
  readonly layers: readonly ComparedLayer[];
  /** The first layer that differs by more; null where none does. What follows it is its consequence. */
  readonly firstDivergence: string | null;
}

/** Returns whether there is an adapter, every adapter passes its self-test, and they agree. */
export function passes(adapters: readonly AdapterRecord[], comparisons: readonly Comparison[]): boolean {
  const present = adapters.filter(adapter => adapter.present);
  return (
    present.length > 0 &&
    present.every(({ selfTest }) => selfTest.passed) &&
    comparisons.every(({ firstDivergence }) => firstDivergence === null)
  );
}

/** @throws InputError  they are results of different tests */
export function compareDigests(a: NamedDigests, b: NamedDigests): Comparison {
  const names = ({ layers }: NamedDigests) => layers.map(({ layer, digest }) => `${layer} ${digest.length}`).join();
  if (names(a) !== names(b))
    throw new InputError(
      `doctor: ${a.name} and ${b.name} have other layers, so they come from different versions. Run \`raycam doctor --json\` of one version on both`,
    );
  const layers = a.layers.map(({ layer, digest }, i) => {
    const error = relativeError(Float32Array.from(digest), Float32Array.from(b.layers[i]!.digest));
    return { layer, error, agrees: error <= BOUND };
  });
  const firstDivergence = layers.find(({ agrees }) => !agrees)?.layer ?? null;
  return { between: [a.name, b.name], bound: BOUND, layers, firstDivergence };
}

/** Every pair of a list. */
export function compareAll(all: readonly NamedDigests[]): Comparison[] {
  return all.flatMap((a, i) => all.slice(i + 1).map(b => compareDigests(a, b)));
}

/** Every adapter of one report with every one of the other. @throws InputError  there is nothing to compare */
export function compareReports(a: readonly NamedDigests[], b: readonly NamedDigests[]): Comparison[] {
  return a.flatMap(one => b.map(other => compareDigests(one, other)));
}

/** The adapters whose self-test ended, whether it passed or not. */
export function digestsOf({ adapters }: DoctorReport, file?: string): NamedDigests[] {
  return adapters.flatMap(record => {
    if (!record.present || 'reason' in record.selfTest) return [];
    return { name: file === undefined ? record.adapter : `${file} ${record.adapter}`, layers: record.selfTest.layers };
  });
}

/**
 * The report that `raycam doctor --json` or the page's doctor has written.
 *
 * @throws InputError  it is none, or no self-test in it has ended
 */
export function readReport(file: string, text: string): NamedDigests[] {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    // No JSON is as wrong as other JSON.
  }
  const adapters = (report as Partial<DoctorReport> | null | undefined)?.adapters;
  if (!Array.isArray(adapters) || !adapters.every(isRecord))
    throw new InputError(`doctor: ${file} is no report. Make one with \`raycam doctor --json > ${file}\``);
  const found = digestsOf({ adapters }, file);
  if (found.length === 0)
    throw new InputError(`doctor: in ${file} no adapter has run the self-test, so there is nothing to compare`);
  return found.map(({ name, layers }) => ({
    name,
    // JSON has no NaN, and writes null.
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
