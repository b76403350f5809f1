import type { DeviceError } from '../errors/index.ts';
import type { Memory } from './memory.ts';
import type { BufferOwner } from './tensor.ts';

/**
 * The buffers of a graph. When a tensor is freed during the capture, later tensors reuse its buffer. So the graph needs
 * little more memory than its tensors take at the moment when most of their bytes are live.
 */
export class GraphMemory implements BufferOwner {
  private readonly idle: GPUBuffer[] = [];
  private readonly shared: GPUBuffer[] = [];
  private readonly constants: GPUBuffer[] = [];

  constructor(private readonly memory: Memory) {}

  get activationBytes(): number {
    return this.shared.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * `constant` buffers are written once by the host and read in every run, so they are not reused.
   *
   * @throws DeviceError  the buffer would exceed a limit
   */
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
