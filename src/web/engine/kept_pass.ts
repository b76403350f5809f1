/** Forward passes that are kept for the views that look inside: they end with the network, or with the head. */
import { RecordedPass } from '../../inspection/recorded_pass.ts';
import type { Engine } from './engine.ts';

/** On the device at once: each is 52 MB for ResNet-152. */
const KEPT = 2;

const passes = new WeakMap<Engine, Map<string, RecordedPass>>();

/** The pass of an image, recorded if it is not there. It is not the caller's to dispose of. */
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
