/** Tunings that this browser keeps: a file for each adapter, the same that `raycam tune` writes, or in memory where it has no room. */
import { InputError } from '../../errors/index.ts';
import { sizeKey } from '../../nn/convolution_size.ts';
import { plainConvolutions } from '../../nn/resnet_work.ts';
import { MOST_TUNING_BYTES, type TunedAdapter, Tuning } from '../../nn/tuning.ts';
import type { Backbone } from '../../weights/backbone.ts';
import type { TuningInfo } from './protocol.ts';

const CACHE = 'raycam tunings';

const inMemory = new Map<string, string>();

/** Nothing where the adapter was never tuned here, or by a Raycam whose measurements no longer count. */
export async function readTuning(adapter: TunedAdapter): Promise<Tuning | undefined> {
  const text = await keptText(addressOf(adapter));
  if (text === undefined) return undefined;
  try {
    return Tuning.decode(text, 'tuning');
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Beside what is there of other sizes. */
export async function keepTuning(adapter: TunedAdapter, tuning: Tuning): Promise<void> {
  const address = addressOf(adapter);
  const text = ((await readTuning(adapter))?.with(tuning) ?? tuning).encode();
  try {
    const cache = await caches.open(CACHE);
    await cache.put(address, new Response(text, { headers: { 'content-type': 'application/json' } }));
  } catch {
    inMemory.set(address, text);
  }
}

export async function forgetTuning(adapter: TunedAdapter): Promise<void> {
  const address = addressOf(adapter);
  inMemory.delete(address);
  const cache = await caches.open(CACHE).catch(() => undefined);
  await cache?.delete(address);
}

/** @throws InputError  the file is no tuning, or one of another adapter */
export async function tuningOfFile(file: File, adapter: TunedAdapter): Promise<Tuning> {
  if (file.size > MOST_TUNING_BYTES) throw new InputError(`${file.name}: is no tuning. Write one with \`raycam tune\``);
  const tuning = Tuning.decode(await file.text(), file.name);
  if (!tuning.isOf(adapter))
    throw new InputError(
      `${file.name}: was measured on ${tuning.adapter.description}, not on ${adapter.description}. Measure on this adapter, or choose the other under Weights`,
    );
  return tuning;
}

/** As much of a tuning as the open network has to do with. */
export function describeTuning(
  { convolutions }: Tuning,
  { architecture, strideOn }: Pick<Backbone, 'architecture' | 'strideOn'>,
): TuningInfo {
  const sizes = new Set(plainConvolutions(architecture, { strideOn }).map(sizeKey));
  const tuned = convolutions.filter(({ size }) => sizes.has(sizeKey(size)));
  return {
    convolutions: convolutions.length,
    ofNetwork: { total: sizes.size, tuned: tuned.length },
    ms: tuned.reduce((sum, { ms }) => sum + ms, 0),
    untunedMs: tuned.reduce((sum, { untunedMs }) => sum + untunedMs, 0),
  };
}

async function keptText(address: string): Promise<string | undefined> {
  const cache = await caches.open(CACHE).catch(() => undefined);
  return inMemory.get(address) ?? (await (await cache?.match(address))?.text());
}

/** Of this origin, and never asked of it. */
function addressOf({ kind, vendor, architecture, description }: TunedAdapter): string {
  return `/tuning/${encodeURIComponent([kind, vendor, architecture, description].join(' '))}`;
}
