import { bytesSource, readFile } from '#platform';
import { type HeadFile, readHead } from '../nn/head_file.ts';
import { openWeightsSource } from '../weights/open_weights.ts';

/** Reads a head file. @throws InputError  no such file, or no head */
export async function openHead(path: string): Promise<HeadFile> {
  const file = await openWeightsSource(bytesSource(path, await readFile(path)));
  try {
    return await readHead(file);
  } finally {
    await file.close();
  }
}
