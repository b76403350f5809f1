/** Caches forward passes for Inspect, Ledger and Train until the network or the head changes. */
import { RecordedPass } from '../../inspection/recorded_pass.ts';
import type { Engine } from './engine.ts';

/** Maximum number of passes on the device at once. Each takes 52 MB for ResNet-152. */
const KEPT = 2;

const passes = new WeakMap<Engine, Map<string, RecordedPass>>();

/** Returns the pass of an image, and records the pass if needed. The caller must not dispose of the pass. */
export async function passOf(engine: Engine, image: string): Promise<RecordedPass> {
  const kept = passes.get(engine) ?? new Map<string, RecordedPass>();
  const known = kept.get(image);
  if (known) {
    kept.delete(image);
    kept.set(image, known);
    return known;
  }
  const pass = RecordedPass.record(engine.network, await engine.image(image));
  if (!passes.has(engine)) {
    passes.set(engine, kept);
    engine.onChange(() => {
      passes.delete(engine);
      for (const one of kept.values()) one.dispose();
    });
  }
  kept.set(image, pass);
  if (kept.size > KEPT) {
    const [oldest, old] = kept.entries().next().value!;
    kept.delete(oldest);
    old.dispose();
  }
  return pass;
}
