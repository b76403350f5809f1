import type { Tensor } from '../runtime/tensor.ts';

/** The values of tensors as they are now. Where one cannot be read, the others have been by the time that it is said. */
export async function readTogether<const Tensors extends readonly Tensor[]>(
  ...tensors: Tensors
): Promise<{ [i in keyof Tensors]: Float32Array }> {
  const outcomes = await Promise.allSettled(tensors.map(tensor => tensor.read()));
  return outcomes.map(outcome => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }) as { [i in keyof Tensors]: Float32Array };
}
