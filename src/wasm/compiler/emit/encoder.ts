import type { Kind } from '../ir/opcodes.ts';

const TYPES: Readonly<Record<Kind, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };

/** Writes WebAssembly's binary format, as far as a module with one function needs it. */
export class Encoder {
  private bytes = new Uint8Array(1024);
  private length = 0;

  byte(value: number): void {
    if (this.length === this.bytes.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.length++] = value;
  }

  /** Writes an unsigned integer as LEB128. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** Writes an integer that f64 represents exactly as signed LEB128. */
  signed(value: number): void {
    let rest = value;
    for (;;) {
      const low = ((rest % 128) + 128) % 128;
      rest = Math.floor(rest / 128);
      const isLast = (rest === 0 && low < 64) || (rest === -1 && low >= 64);
      this.byte(isLast ? low : low + 128);
      if (isLast) return;
    }
  }

  f32(value: number): void {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.byte(view.getUint8(i));
  }

  i32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 255);
  }

  type(kind: Kind): void {
    this.byte(TYPES[kind]);
  }

  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.unsigned(bytes.length);
    for (const byte of bytes) this.byte(byte);
  }

  append(bytes: Uint8Array): void {
    for (const byte of bytes) this.byte(byte);
  }

  /** Writes the length of what `write` emits, then its bytes. */
  sized(write: (inner: Encoder) => void): void {
    const inner = new Encoder();
    write(inner);
    const bytes = inner.finish();
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  section(id: number, write: (inner: Encoder) => void): void {
    this.byte(id);
    this.sized(write);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}
