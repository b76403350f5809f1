import { addressSpaceBytes } from '#platform';

const PAGE_BYTES = 65536;
/** A cache line. Two buffers never share one, so that threads that write to both do not slow each other down. */
export const ALIGNMENT = 64;
/** The first bytes stay unused, so that an address that was never set does not read anyone's data. */
const FIRST_ADDRESS = 1024;
const INITIAL_PAGES = 16;
/** The smallest growth step, so that many small buffers do not each grow the memory. */
const GROWTH_PAGES = 256;
/** Maximum sizes to try: from all that 32 bits can address down to what a phone's browser reserves. */
const MAXIMUM_PAGES = [65536, 49152, 32768, 16384, 8192];
/** What Node and the threads need of the addresses of a process, if `ulimit -v` limits them. */
const OTHER_ADDRESSES_BYTES = 3e9;

export interface Allocation {
  readonly address: number;
  readonly sizeBytes: number;
}

interface Free {
  address: number;
  sizeBytes: number;
}

/** A device's use of its memory. */
export interface HeapUse {
  readonly usedBytes: number;
  /** The most that was ever used at once. */
  readonly peakBytes: number;
  /** The size of the memory. WebAssembly memory never shrinks; the device returns it when it ends. */
  readonly reservedBytes: number;
}

/** One WebAssembly memory and its allocator: best fit over a list of free blocks, sorted by address. */
export class Heap {
  /** Undefined once the heap is closed. */
  private held: WebAssembly.Memory | undefined;
  private readonly free: Free[] = [];
  /** Everything from this address on was never allocated and is zero. */
  private end = FIRST_ADDRESS;
  private usedBytes = 0;
  private peakBytes = 0;

  /** @param capacityBytes  the largest size of the memory; by default the engine's own limit */
  constructor(
    readonly shared: boolean,
    private capacityBytes = Number.POSITIVE_INFINITY,
  ) {
    this.held = createMemory(shared);
  }

  /** @throws RangeError  the heap is closed */
  get memory(): WebAssembly.Memory {
    if (this.held === undefined) throw new RangeError('the memory of this device was closed');
    return this.held;
  }

  get use(): HeapUse {
    return {
      usedBytes: this.usedBytes,
      peakBytes: this.peakBytes,
      reservedBytes: this.held?.buffer.byteLength ?? 0,
    };
  }

  /** Returns zero-filled memory, or undefined if there is not enough left. */
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

  /**
   * Drops the memory, even if buffers are still allocated. Afterwards creating a view throws, and every allocation
   * fails.
   */
  close(): void {
    // An empty memory in its place would reserve 10 GB of addresses, which `ulimit -v` may forbid.
    this.held = undefined;
    this.capacityBytes = 0;
    this.free.length = 0;
    this.usedBytes = 0;
  }

  /** Returns a view. Growing the memory detaches it if the memory is not shared. */
  bytes(address: number, sizeBytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, sizeBytes);
  }

  words(address: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, count);
  }

  /** Merges a free block with the next one if they are adjacent. */
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

  /** Allocates at the unused end, starting with a free block that ends there, if there is one. */
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
  const most = addressSpaceBytes() - OTHER_ADDRESSES_BYTES;
  for (const maximum of MAXIMUM_PAGES) {
    if (maximum * PAGE_BYTES > most && maximum !== MAXIMUM_PAGES.at(-1)) continue;
    try {
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared });
    } catch (error) {
      failure = error;
    }
  }
  throw new RangeError(
    `no WebAssembly memory: ${failure instanceof Error ? failure.message : failure}. If \`ulimit -v\` limits it, start Node with --disable-wasm-trap-handler`,
    { cause: failure },
  );
}

/** Returns the index of the first block at or after `address`. */
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
