/**
 * Stores tunings in this browser, one `raycam tune` file per adapter. Keeps them in memory if the browser has no room.
 */
import { InputError } from '../../errors/index.ts';
import { sizeKey } from '../../nn/convolution_size.ts';
import { plainConvolutions } from '../../nn/resnet_work.ts';
import { MOST_TUNING_BYTES, type TunedAdapter, Tuning } from '../../nn/tuning.ts';
import type { Backbone } from '../../weights/backbone.ts';
import type { TuningInfo } from './protocol.ts';

const CACHE = 'raycam tunings';

const inMemory = new Map<string, string>();

/** Returns an adapter's tuning, or undefined if there is none or an incompatible version of Raycam measured it. */
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

/** Stores a tuning, merged with what is stored for other sizes. */
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

/** Reads a tuning file. @throws InputError  it is not a tuning file, or is for another adapter */
export async function tuningOfFile(file: File, adapter: TunedAdapter): Promise<Tuning> {
  if (file.size > MOST_TUNING_BYTES)
    throw new InputError(`${file.name}: is not a tuning file. Write one with \`raycam tune\``);
  const tuning = Tuning.decode(await file.text(), file.name);
  if (!tuning.isOf(adapter))
    throw new InputError(
      `${file.name}: was measured on ${tuning.adapter.description}, not on ${adapter.description}. Measure on this adapter, or choose the other under Weights`,
    );
  return tuning;
}

/** Summarises a tuning for the open network. */
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

/** Returns a cache key: an address of this origin that is never requested. */
function addressOf({ kind, vendor, architecture, description }: TunedAdapter): string {
  return `/tuning/${encodeURIComponent([kind, vendor, architecture, description].join(' '))}`;
}
