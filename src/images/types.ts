/** Types of images as they come out of their files. */

/** What `decodeImage` should read from a file that contains several images. */
export interface DecodeOptions {
  /** The frame of a DICOM file, the page of a TIFF or the frame of a GIF. The first is 1, which is the default. */
  readonly frame?: number;
}

/** What an image file contains, and how its pixels were read. It never contains a patient's name or number. */
export interface ImageDescription {
  /** `JPEG`, `PNG`, `DICOM`, … */
  readonly format: string;
  /** Width and height as shown, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Bits of one sample as stored, and those in use; equal unless the file or its pixels say otherwise. */
  readonly bits: number;
  readonly bitsUsed: number;
  /** What the samples mean: `grey`, `grey, white is 0`, `RGB`, `palette`, `CMYK`, `MONOCHROME1`, … */
  readonly photometric: string;
  /** Further properties in the order in which they are shown, such as the window or the transfer syntax. */
  readonly details: Readonly<Record<string, string | number>>;
}

/**
 * Pixels as stored: 8 bits per channel, interleaved RGB, row by row, EXIF orientation applied, alpha dropped, grey
 * repeated.
 */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], 0..255. */
  readonly pixels: Uint8Array;
  /** Absent for pixels that do not come from a file. */
  readonly description?: ImageDescription;
  /** One sentence for everything about the file that a user should know: a bit depth that was inferred, and so on. */
  readonly notes?: readonly string[];
}
