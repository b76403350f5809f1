const QUERY_RESOLVE = 0x0200 | 0x04; // GPUBufferUsage QUERY_RESOLVE | COPY_SRC
const READBACK = 0x01 | 0x08; // GPUBufferUsage MAP_READ | COPY_DST
const BYTES = 8;
/** Maximum number of queries in a query set, according to WebGPU. */
const MOST_QUERIES = 4096;

/** Pairs of timestamps before and after compute passes, taken by the adapter's clock. */
export class Timestamps {
  private readonly sets: GPUQuerySet[] = [];
  private taken = 0;

  constructor(private readonly gpu: GPUDevice) {}

  /** Returns the timestamps for the descriptor of the next pass. */
  next(): GPUComputePassTimestampWrites {
    const index = this.taken++ * 2;
    const set = Math.floor(index / MOST_QUERIES);
    this.sets[set] ??= this.gpu.createQuerySet({ type: 'timestamp', count: MOST_QUERIES });
    const at = index % MOST_QUERIES;
    return { querySet: this.sets[set], beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  /**
   * Waits for all passes since the last call, and returns their durations in milliseconds, in the order of the calls of
   * `next`.
   */
  async read(): Promise<number[]> {
    const passes = this.taken;
    this.taken = 0;
    const durations: number[] = [];
    for (let first = 0; first < passes; first += MOST_QUERIES / 2) {
      const count = Math.min(passes - first, MOST_QUERIES / 2);
      const times = await this.resolve(this.sets[(first * 2) / MOST_QUERIES]!, count * 2);
      for (let i = 0; i < count; i++) durations.push(Number(times[2 * i + 1]! - times[2 * i]!) / 1e6);
    }
    return durations;
  }

  private async resolve(set: GPUQuerySet, count: number): Promise<BigUint64Array> {
    const { gpu } = this;
    const size = count * BYTES;
    const resolved = gpu.createBuffer({ label: 'timestamps', size, usage: QUERY_RESOLVE });
    const staging = gpu.createBuffer({ label: 'readback of timestamps', size, usage: READBACK });
    const encoder = gpu.createCommandEncoder();
    encoder.resolveQuerySet(set, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(1); // GPUMapMode.READ
    const times = new BigUint64Array(staging.getMappedRange().slice(0));
    for (const buffer of [resolved, staging]) buffer.destroy();
    return times;
  }
}
