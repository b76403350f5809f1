/** `CACHE URL SHA256`: does what `raycam weights pull` does, for a network outside the zoo. Prints the file's path. */
import { pullEntry } from '../../src/weights/pull.ts';
import { zooEntry } from '../../src/weights/zoo.ts';

const [cacheDir, url, sha256] = process.argv.slice(2) as [string, string, string];
const sources = [{ kind: 'https', url, file: 'w.safetensors', sha256 }] as const;
try {
  const { path } = await pullEntry({ ...zooEntry('resnet18.tv_in1k_v1'), id: 'lab', sources }, { cacheDir });
  console.log(path);
} catch (error) {
  console.error(`raycam: ${(error as Error).message}`);
  process.exitCode = 1;
}
