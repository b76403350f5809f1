// The competitor's side: reports that it is ready, then runs one forward pass per input line and prints its time in ms.
import { createInterface } from 'node:readline';

/** `run` takes the image batch from host memory and resolves when the logits are back in host memory. */
export async function serve(name, run) {
  for (let i = 0; i < 2; i++) await run(); // compiles
  console.log(JSON.stringify({ ready: name }));
  for await (const _line of createInterface({ input: process.stdin })) {
    const startedMs = performance.now();
    const logits = await run();
    const elapsedMs = performance.now() - startedMs;
    if (!logits.every(Number.isFinite)) throw new Error('a logit is not a finite number');
    console.log(JSON.stringify(elapsedMs));
  }
  process.exit(0);
}

/** The arguments of every program. */
export function programArguments() {
  const [architecture, batch, threads] = process.argv.slice(2);
  return { architecture, batch: Number(batch), threads: Number(threads) };
}

export function imageBatch(batch) {
  return Float32Array.from({ length: batch * 3 * 224 * 224 }, (_, i) => ((i * 7919) % 448) / 224 - 1);
}
