/** What the DICOM reader needs from its platform. */

/** Codecs that packages implement. `jpeg` is the platform's own decoder and is not among them. */
export type Codec = 'jpeg2000' | 'jpegLs' | 'jpegLossless';

/** The samples of one frame, decoded. */
export interface CodecFrame {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Bits of one sample according to the codestream. */
  readonly bits: number;
  /** [height, width, channels], or [channels, height, width] if `isPlanar`; negative samples as two's complement. */
  readonly values: Uint8Array | Uint16Array | Uint32Array;
  readonly isPlanar: boolean;
}

export interface DicomHost {
  /** Inflates raw deflate data until it ends or `most` bytes are there. @throws Error  the data are damaged */
  inflateAtMost(bytes: Uint8Array, most: number): Promise<Uint8Array>;
  /**
   * Decodes a JPEG file of 8 bits per sample.
   *
   * returns  pixels [height, width, 3]; the chroma of a colour image is converted, grey is repeated
   *
   * @throws Error  it is damaged or cut short
   */
  decodeJpeg(
    bytes: Uint8Array,
  ): Promise<{ readonly width: number; readonly height: number; readonly pixels: Uint8Array }>;
  /**
   * Runs a codec on one frame. It does not block the thread that draws or runs the network.
   *
   * @throws Error  the codec failed, crashed or took too long. The next frame gets a fresh codec
   */
  runCodec(codec: Codec, bytes: Uint8Array): Promise<CodecFrame>;
}
