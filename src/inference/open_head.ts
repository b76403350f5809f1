import { type HeadFile, readHead } from '../nn/head_file.ts';
import { openWeights } from '../weights/open_weights.ts';

/** Reads a head file. @throws InputError | WeightsError  no such file, damaged, or no head */
export async function openHead(path: string): Promise<HeadFile> {
  const file = await openWeights(path);
  try {
    return await readHead({ ...file, name: path });
  } finally {
    await file.close();
  }
}
