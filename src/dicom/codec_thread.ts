/** The program of a thread that runs the codecs of packages. It is self-contained: a thread starts from its text. */
import type { Codec, CodecFrame } from './types.ts';

/** A package's decoder as it is loaded: a script, and for WebAssembly its module's bytes. */
export interface LoadedCodec {
  readonly script: unknown;
  readonly wasm?: Uint8Array;
}

export interface CodecRequest {
  readonly id: number;
  readonly codec: Codec;
  readonly bytes: Uint8Array;
}

export type CodecAnswer = { readonly id: number } & ({ readonly frame: CodecFrame } | { readonly problem: string });

/** Answers each request with the decoded frame or with a problem. */
export function codecThread(
  post: (answer: CodecAnswer) => void,
  listen: (handler: (request: unknown) => void) => void,
  load: (codec: Codec) => Promise<LoadedCodec>,
): void {
  interface WasmDecoder {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
    getInterleaveMode?(): number;
    decode(): void;
  }
  type Factory = (options: object) => Promise<Record<string, new () => WasmDecoder>>;
  interface LosslessDecoder {
    decode(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array | Uint16Array;
    readonly frame: { readonly dimX: number; readonly dimY: number; readonly precision: number };
    readonly numComp: number;
    readonly xDim: number;
    readonly yDim: number;
    readonly yLoc: number;
    readonly stream: { readonly index: number };
  }
  const loaded: Partial<Record<Codec, Promise<LoadedCodec>>> = {};
  const modules: Partial<Record<Codec, Promise<WebAssembly.Module>>> = {};
  const isFactory = (script: unknown): script is Factory => typeof script === 'function';

  /** Makes a fresh instance for each frame, so that damage to its memory ends with the frame. */
  async function instantiate(codec: Codec, { script, wasm }: LoadedCodec) {
    const module = script as { default?: unknown };
    const factory = isFactory(script) ? script : module.default;
    if (!isFactory(factory) || wasm === undefined) throw new Error('its decoder cannot be loaded');
    modules[codec] ??= WebAssembly.compile(wasm as BufferSource);
    const compiled = await modules[codec];
    return factory({
      print: () => {},
      printErr: () => {},
      instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
        WebAssembly.instantiate(compiled, imports).then(done);
        return {};
      },
    });
  }

  async function decodeWasm(
    codec: Codec,
    { bytes, from }: { bytes: Uint8Array; from: LoadedCodec },
  ): Promise<CodecFrame> {
    const instance = await instantiate(codec, from);
    const Decoder = instance[codec === 'jpeg2000' ? 'J2KDecoder' : 'JpegLSDecoder']!;
    const decoder = new Decoder();
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width, height, bitsPerSample: bits, componentCount: channels } = decoder.getFrameInfo();
    // The result lies in the instance's memory, which is dropped.
    const copy = decoder.getDecodedBuffer().slice();
    const values = bits > 8 ? new Uint16Array(copy.buffer, 0, copy.length >> 1) : copy;
    return { width, height, channels, bits, values, isPlanar: channels > 1 && decoder.getInterleaveMode?.() === 0 };
  }

  function decodeLossless(bytes: Uint8Array, { script }: LoadedCodec): CodecFrame {
    const found = script as { Decoder?: new () => LosslessDecoder; default?: { Decoder: new () => LosslessDecoder } };
    const Decoder = found.Decoder ?? found.default!.Decoder;
    const decoder = new Decoder();
    // The decoder loses the last pixel of colours if the end marker follows at once, so zeros replace it.
    let end = bytes.length - 2;
    while (end > 0 && (bytes[end] !== 0xff || bytes[end + 1] !== 0xd9)) end--;
    const stream = new Uint8Array(end + 16);
    stream.set(bytes.subarray(0, end));
    const values = decoder.decode(stream.buffer, 0, stream.length);
    // It reads at most four bytes ahead.
    if (decoder.yLoc < decoder.yDim || decoder.stream.index > end + 4) throw new Error('its pixels end early');
    const { dimX: width, dimY: height, precision: bits } = decoder.frame;
    return { width, height, channels: decoder.numComp, bits, values, isPlanar: false };
  }

  listen(async request => {
    const { id, codec, bytes } = request as CodecRequest;
    try {
      loaded[codec] ??= load(codec);
      const from = await loaded[codec];
      const frame = codec === 'jpegLossless' ? decodeLossless(bytes, from) : await decodeWasm(codec, { bytes, from });
      post({ id, frame });
    } catch {
      // Codecs throw numbers, strings and errors without meaning for a user.
      post({ id, problem: 'its compressed pixels cannot be decoded' });
    }
  });
}
