/** Texts in PNG files: the chunks `tEXt` of the PNG specification, section 11.3.3.2. */

/** The signature, and the chunk IHDR, which is the first and always has 13 bytes. */
const AFTER_IHDR = 8 + 12 + 13;
/** Lengths, types and checksums of a chunk take this much around its data. */
const CHUNK_BYTES = 12;

/**
 * Adds texts right after the header of a PNG file, so that they can be read without reading the picture.
 *
 * png    the bytes of a PNG file
 * texts  keywords of 1 to 79 characters, and their texts; Latin-1
 */
export function addPngTexts(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array {
  const chunks = Object.entries(texts).map(([keyword, text]) => textChunk(`${keyword}\0${text}`));
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const file = new Uint8Array(png.length + length);
  file.set(png.subarray(0, AFTER_IHDR));
  let at = AFTER_IHDR;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  file.set(png.subarray(AFTER_IHDR), at);
  return file;
}

/** Returns the texts that directly follow the header of a PNG file; none if it is not a PNG file. */
export function readPngTexts(png: Uint8Array): Record<string, string> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const texts: Record<string, string> = {};
  let at = AFTER_IHDR;
  if (png.length < at || view.getUint32(0) !== 0x89504e47 || view.getUint32(12) !== type('IHDR')) return texts;
  while (at + CHUNK_BYTES <= png.length && view.getUint32(at + 4) === type('tEXt')) {
    const length = view.getUint32(at);
    if (length > png.length - at - CHUNK_BYTES) break;
    const [keyword, text] = String.fromCharCode(...png.subarray(at + 8, at + 8 + length)).split('\0');
    texts[keyword!] = text ?? '';
    at += CHUNK_BYTES + length;
  }
  return texts;
}

function textChunk(content: string): Uint8Array {
  const chunk = new Uint8Array(CHUNK_BYTES + content.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length);
  view.setUint32(4, type('tEXt'));
  for (let i = 0; i < content.length; i++) chunk[8 + i] = content.charCodeAt(i);
  view.setUint32(8 + content.length, crc32(chunk.subarray(4, 8 + content.length)));
  return chunk;
}

/** Returns a chunk's four letters as a big-endian number. */
function type(letters: string): number {
  return [...letters].reduce((number, letter) => number * 256 + letter.charCodeAt(0), 0);
}

/** The checksum of PNG files. Source: PNG specification, annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
