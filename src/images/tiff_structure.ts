/**
 * Checks the structure of a TIFF file before a decoder follows its offsets: a hostile file may contain a circle of
 * pages, or arrays that are longer than the file. Source: TIFF 6.0, section 2; BigTIFF
 */

/** A file with more pages is refused. Stacks of scanned documents have hundreds. */
const MAX_PAGES = 10_000;
/** TIFF has fewer than a hundred tags; cameras and scanners add their own. */
const MAX_TAGS = 1_000;

/** Bytes of a value, by its type. */
const TYPE_BYTES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

const [STRIP_OFFSETS, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS] = [273, 322, 323, 324];

/** What a page says about its strips or tiles. */
export interface TiffPieces {
  /** Width and height of a tile; 0 without tiles. */
  readonly tile: readonly [number, number];
  /** Number of strips or tiles for which the page has an offset. */
  readonly offsets: number;
}

export interface TiffStructure extends TiffPieces {
  readonly pages: number;
}

/**
 * Returns the number of pages, and the pieces of page `frame`, of which the first is 1.
 *
 * @throws Error  an offset or a count does not fit into the file, or the pages form a circle
 */
export function tiffStructure(bytes: Uint8Array, frame: number): TiffStructure {
  const reader = new Reader(bytes);
  const seen = new Set<number>();
  let pieces: TiffPieces = { tile: [0, 0], offsets: 0 };
  for (let at = reader.firstDirectory(); at !== 0; ) {
    if (seen.has(at)) throw new Error('its pages form a circle');
    seen.add(at);
    if (seen.size > MAX_PAGES) throw new Error(`it has more than ${MAX_PAGES} pages`);
    const directory = reader.directory(at);
    if (seen.size === frame) pieces = directory;
    at = directory.next;
  }
  return { pages: seen.size, tile: pieces.tile, offsets: pieces.offsets };
}

class Reader {
  private readonly view: DataView;
  private readonly littleEndian: boolean;
  /** BigTIFF, whose offsets have 64 bits. */
  private readonly isBig: boolean;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.littleEndian = bytes[0] === 0x49;
    this.isBig = this.view.getUint16(2, this.littleEndian) === 43;
  }

  firstDirectory(): number {
    return this.offset(this.isBig ? 8 : 4);
  }

  directory(at: number): TiffPieces & { readonly next: number } {
    const count = this.isBig ? this.offset(at) : this.uint16(at);
    if (count > MAX_TAGS) throw new Error(`a page has ${count} tags`);
    const [countBytes, tagBytes] = this.isBig ? [8, 20] : [2, 12];
    const tile: [number, number] = [0, 0];
    let offsets = 0;
    for (let i = 0; i < count; i++) {
      const tag = at + countBytes + i * tagBytes;
      const id = this.uint16(tag);
      this.checkValues(tag);
      if (id === STRIP_OFFSETS || id === TILE_OFFSETS) offsets = this.countOf(tag);
      if (id === TILE_WIDTH) tile[0] = this.value(tag);
      if (id === TILE_LENGTH) tile[1] = this.value(tag);
    }
    return { next: this.offset(at + countBytes + count * tagBytes), tile, offsets };
  }

  /** Checks that a tag's values are inside the file. */
  private checkValues(tag: number): void {
    const type = this.uint16(tag + 2);
    const sizeBytes = this.countOf(tag) * (TYPE_BYTES[type] ?? 0);
    const inlineBytes = this.isBig ? 8 : 4;
    const place = tag + (this.isBig ? 12 : 8);
    const end = sizeBytes <= inlineBytes ? place + inlineBytes : this.offset(place) + sizeBytes;
    if (!(end <= this.view.byteLength)) throw new Error(`tag ${this.uint16(tag)} reaches past the end of the file`);
  }

  private countOf(tag: number): number {
    return this.isBig ? this.offset(tag + 4) : this.uint32(tag + 4);
  }

  /** A tag's only value, a short or a long. */
  private value(tag: number): number {
    const place = tag + (this.isBig ? 12 : 8);
    return this.uint16(tag + 2) === 3 ? this.uint16(place) : this.uint32(place);
  }

  private offset(at: number): number {
    if (!this.isBig) return this.uint32(at);
    this.check(at, 8);
    return Number(this.view.getBigUint64(at, this.littleEndian));
  }

  private uint32(at: number): number {
    this.check(at, 4);
    return this.view.getUint32(at, this.littleEndian);
  }

  private uint16(at: number): number {
    this.check(at, 2);
    return this.view.getUint16(at, this.littleEndian);
  }

  private check(at: number, length: number): void {
    if (!(at + length <= this.view.byteLength)) throw new Error('it ends early');
  }
}
