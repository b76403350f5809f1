import type { DeviceError } from '../errors/index.ts';
import type { Memory } from './memory.ts';
import type { BufferOwner } from './tensor.ts';

/** A graph's buffers. One that is freed serves later tensors that fit into it: the graph takes little more than its widest moment. */
export class GraphMemory implements BufferOwner {
  private readonly idle: GPUBuffer[] = [];
  private readonly shared: GPUBuffer[] = [];
  private readonly constants: GPUBuffer[] = [];

  constructor(private readonly memory: Memory) {}

  get activationBytes(): number {
    return this.shared.reduce((sum, { size }) => sum + size, 0);
  }

  /** `constant`: written by the host, once, and read in every run. @throws DeviceError over the adapter's limits */
  allocate(sizeBytes: number, label: string, constant: boolean): GPUBuffer {
    if (!constant) {
      const [fitting] = this.idle.filter(({ size }) => size >= sizeBytes).sort((a, b) => a.size - b.size);
      if (fitting) {
        this.idle.splice(this.idle.indexOf(fitting), 1);
        return fitting;
      }
    }
    const buffer = this.memory.allocate(sizeBytes, label, constant);
    (constant ? this.constants : this.shared).push(buffer);
    return buffer;
  }

  free(buffer: GPUBuffer): void {
    if (!this.constants.includes(buffer)) this.idle.push(buffer);
  }

  failureOf(buffer: GPUBuffer): DeviceError | undefined {
    return this.memory.failureOf(buffer);
  }

  dispose(): void {
    for (const buffer of [...this.shared.splice(0), ...this.constants.splice(0)]) this.memory.free(buffer);
  }
}
