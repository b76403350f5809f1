const PAGE_BYTES = 65536;
/** A cache line: two buffers never share one, so threads that write to both do not slow each other. */
export const ALIGNMENT = 64;
/** Address 0 and what follows stay unused: an address that was never set reads nothing of anybody's. */
const FIRST_ADDRESS = 1024;
const INITIAL_PAGES = 16;
/** Memory is grown by no less, so that many small buffers do not grow it each. */
const GROWTH_PAGES = 256;
/** From all that 32 bits can address down to what a phone's browser reserves. */
const MAXIMUM_PAGES = [65536, 32768, 16384, 8192];

export interface Allocation {
  readonly address: number;
  readonly sizeBytes: number;
}

interface Free {
  address: number;
  sizeBytes: number;
}

/** What a device holds of its memory. */
export interface HeapUse {
  readonly usedBytes: number;
  /** The most that was ever used at once. */
  readonly peakBytes: number;
  /** What the memory has grown to; WebAssembly gives nothing back before the device ends. */
  readonly reservedBytes: number;
}

/** One WebAssembly memory, and who has which part of it: best fit over a list of free blocks, in the order of addresses. */
export class Heap {
  private held: WebAssembly.Memory;
  private readonly free: Free[] = [];
  /** Everything from here on was never given out, and is zero. */
  private end = FIRST_ADDRESS;
  private usedBytes = 0;
  private peakBytes = 0;

  /** @param capacityBytes  never grow over this; the engine's own limit unless said */
  constructor(
    readonly shared: boolean,
    private capacityBytes = Number.POSITIVE_INFINITY,
  ) {
    this.held = createMemory(shared);
  }

  get memory(): WebAssembly.Memory {
    return this.held;
  }

  get use(): HeapUse {
    return {
      usedBytes: this.usedBytes,
      peakBytes: this.peakBytes,
      reservedBytes: this.memory.buffer.byteLength,
    };
  }

  /** Zero-filled, or undefined where there is no memory left. */
  allocate(sizeBytes: number): Allocation | undefined {
    const size = Math.max(1, Math.ceil(sizeBytes / ALIGNMENT)) * ALIGNMENT;
    const address = this.takeFree(size) ?? this.extend(size);
    if (address === undefined) return undefined;
    this.usedBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
    return { address, sizeBytes: size };
  }

  release({ address, sizeBytes }: Allocation): void {
    if (this.capacityBytes === 0) return;
    this.usedBytes -= sizeBytes;
    const at = lowerBound(this.free, address);
    this.free.splice(at, 0, { address, sizeBytes });
    this.merge(at);
    this.merge(at - 1);
  }

  /** Lets go of the memory, whoever still holds buffers. From now on there is none: views throw, and nothing can be allocated. */
  close(): void {
    this.held = new WebAssembly.Memory({ initial: 0, maximum: 0 });
    this.capacityBytes = 0;
    this.free.length = 0;
    this.usedBytes = 0;
  }

  /** A view; growing the memory ends it where the memory is not shared. */
  bytes(address: number, sizeBytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, sizeBytes);
  }

  words(address: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, count);
  }

  /** Joins a free block with the one behind it, if nothing lies between. */
  private merge(at: number): void {
    const [block, next] = [this.free[at], this.free[at + 1]];
    if (!block || !next || block.address + block.sizeBytes !== next.address) return;
    block.sizeBytes += next.sizeBytes;
    this.free.splice(at + 1, 1);
  }

  private takeFree(size: number): number | undefined {
    let best = -1;
    for (let i = 0; i < this.free.length; i++) {
      const { sizeBytes } = this.free[i]!;
      if (sizeBytes < size || (best >= 0 && sizeBytes >= this.free[best]!.sizeBytes)) continue;
      best = i;
      if (sizeBytes === size) break;
    }
    const block = this.free[best];
    if (!block) return undefined;
    const { address } = block;
    block.address += size;
    block.sizeBytes -= size;
    if (block.sizeBytes === 0) this.free.splice(best, 1);
    this.bytes(address, size).fill(0);
    return address;
  }

  /** Takes from the untouched end, and from a free block that ends there. */
  private extend(size: number): number | undefined {
    const last = this.free.at(-1);
    const before = last && last.address + last.sizeBytes === this.end ? last : undefined;
    const address = before?.address ?? this.end;
    if (!this.reserve(address + size)) return undefined;
    if (before) {
      this.free.pop();
      this.bytes(address, before.sizeBytes).fill(0);
    }
    this.end = address + size;
    return address;
  }

  private reserve(end: number): boolean {
    if (end > this.capacityBytes) return false;
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE_BYTES);
    if (missing <= 0) return true;
    const generous = Math.max(missing, GROWTH_PAGES, Math.floor(this.memory.buffer.byteLength / PAGE_BYTES / 8));
    for (const pages of [generous, missing])
      try {
        this.memory.grow(pages);
        return true;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    return false;
  }
}

function createMemory(shared: boolean): WebAssembly.Memory {
  let failure: unknown;
  for (const maximum of MAXIMUM_PAGES)
    try {
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared });
    } catch (error) {
      failure = error;
    }
  throw failure;
}

/** The first block at or behind `address`. */
function lowerBound(blocks: readonly Free[], address: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (blocks[middle]!.address < address) low = middle + 1;
    else high = middle;
  }
  return low;
}
