import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { createInflateRaw } from 'node:zlib';
import { codecThread } from '../dicom/codec_thread.ts';
import type { Codec, DicomHost } from '../dicom/types.ts';
import { CodecPool } from './codec_pool.ts';
import { spawnWorker } from './workers_node.ts';

export { readDicom } from '../dicom/read_dicom.ts';

/** The packages' files, a script and the WebAssembly if there is any, which the threads load when a codec is first needed. */
const FILES: Readonly<Record<Codec, readonly string[]>> = {
  jpeg2000: ['@cornerstonejs/codec-openjpeg/decodewasmjs', '@cornerstonejs/codec-openjpeg/decodewasm'],
  jpegLs: ['@cornerstonejs/codec-charls/decodewasmjs', '@cornerstonejs/codec-charls/decodewasm'],
  jpegLossless: ['jpeg-lossless-decoder-js'],
};

/** As many frames are decoded at once, each by a thread that has its own memory. */
const MAX_THREADS = 4;

let pool: CodecPool | undefined;

function startThread() {
  const { resolve } = createRequire(import.meta.url);
  const paths = Object.fromEntries(
    Object.entries(FILES).map(([codec, names]) => [codec, names.map(name => resolve(name))]),
  );
  const program = `(now, post, listen) => {
  const { readFileSync } = require('node:fs');
  const paths = ${JSON.stringify(paths)};
  const load = async codec => ({
    script: require(paths[codec][0]),
    wasm: paths[codec][1] && readFileSync(paths[codec][1]),
  });
  (${codecThread})(post, listen, load);
}`;
  return spawnWorker(program, 'raycam-codec');
}

/**
 * Returns the reader's host. Codecs run in threads; the parser, RLE and the conversion to 8 bits take about 20 ms per
 * megapixel and run in the calling thread.
 */
export function dicomHost(decodeJpeg: DicomHost['decodeJpeg']): DicomHost {
  return {
    inflateAtMost,
    decodeJpeg,
    runCodec: (codec, bytes) => {
      pool ??= new CodecPool(startThread, Math.min(MAX_THREADS, availableParallelism()));
      return pool.run(codec, bytes);
    },
  };
}

async function inflateAtMost(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const stream = createInflateRaw();
  stream.end(bytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= most) break;
  }
  return new Uint8Array(Buffer.concat(chunks)).subarray(0, most);
}
