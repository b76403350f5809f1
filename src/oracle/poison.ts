import type { Device } from '../runtime/device.ts';
import { elementCount, type Shape } from '../runtime/shape.ts';

/** As many buffers as an operation takes of one size. */
const BUFFERS = 3;

/** Fills the pool with NaN in buffers of a shape's size: what a kernel leaves out is then no earlier kernel's right answer. */
export async function poisonPool(device: Device, shape: Shape): Promise<void> {
  await device.trim();
  const nan = new Float32Array(elementCount(shape)).fill(Number.NaN);
  const poisoned = Array.from({ length: BUFFERS }, () => device.tensor(nan, shape, 'poison'));
  for (const tensor of poisoned) tensor.dispose();
}
