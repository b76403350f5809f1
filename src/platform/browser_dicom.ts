import { type CodecAnswer, codecThread, type LoadedCodec } from '../dicom/codec_thread.ts';
import type { Codec, CodecFrame, DicomHost } from '../dicom/types.ts';

export { readDicom } from '../dicom/read_dicom.ts';

/** Loads a codec. Bundlers put each into a file of its own. */
async function load(codec: Codec): Promise<LoadedCodec> {
  if (codec === 'jpeg2000') {
    const [script, wasm] = await Promise.all([
      import('@cornerstonejs/codec-openjpeg/decodewasmjs'),
      import('@cornerstonejs/codec-openjpeg/decodewasm'),
    ]);
    return { script, wasm: wasm.default };
  }
  if (codec === 'jpegLs') {
    const [script, wasm] = await Promise.all([
      import('@cornerstonejs/codec-charls/decodewasmjs'),
      import('@cornerstonejs/codec-charls/decodewasm'),
    ]);
    return { script, wasm: wasm.default };
  }
  return { script: await import('jpeg-lossless-decoder-js') };
}

/** The codecs, in the calling thread. */
class Codecs {
  private request: (message: unknown) => void = () => {};
  private readonly pending = new Map<number, (answer: CodecAnswer) => void>();
  private next = 0;

  constructor() {
    codecThread(
      answer => this.pending.get(answer.id)?.(answer),
      handler => {
        this.request = handler;
      },
      load,
    );
  }

  async run(codec: Codec, bytes: Uint8Array): Promise<CodecFrame> {
    const id = this.next++;
    const answer = await new Promise<CodecAnswer>(resolve => {
      this.pending.set(id, resolve);
      this.request({ id, codec, bytes });
    });
    this.pending.delete(id);
    if ('problem' in answer) throw new Error(answer.problem);
    return answer.frame;
  }
}

let codecs: Codecs | undefined;

/**
 * Returns the reader's host. Codecs run in the calling thread: the page's engine is a worker already, and a frame takes
 * less than a second, which is less than a forward pass on the CPU. A trap ends only the frame, because each frame has a
 * WebAssembly instance of its own.
 */
export function dicomHost(decodeJpeg: DicomHost['decodeJpeg']): DicomHost {
  return {
    inflateAtMost: async (bytes, most) => {
      try {
        return await inflate(bytes, most);
      } catch (error) {
        // Data of odd length are padded by a zero, which browsers refuse.
        if (bytes.at(-1) !== 0) throw error;
        return inflate(bytes.subarray(0, -1), most);
      }
    },
    decodeJpeg,
    runCodec: (codec, bytes) => {
      codecs ??= new Codecs();
      return codecs.run(codec, bytes);
    },
  };
}

async function inflate(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const reader = new Blob([bytes as BlobPart])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw') as ReadableWritablePair<Uint8Array, BlobPart>)
    .getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    size += next.value.length;
    if (size >= most) await reader.cancel();
  }
  const inflated = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  return inflated.subarray(0, most);
}
