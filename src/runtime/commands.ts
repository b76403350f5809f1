/**
 * The command buffers of one submit, in order. Consecutive dispatches share a pass; `add` inserts a buffer that is
 * already encoded.
 */
export class Commands {
  private readonly finished: GPUCommandBuffer[] = [];
  private encoder: GPUCommandEncoder | undefined;
  private opened: GPUComputePassEncoder | undefined;

  constructor(private readonly gpu: GPUDevice) {}

  /** The pass for dispatches, opened if necessary. */
  get pass(): GPUComputePassEncoder {
    this.encoder ??= this.gpu.createCommandEncoder();
    this.opened ??= this.encoder.beginComputePass();
    return this.opened;
  }

  /** The encoder for copies, which run after all dispatches so far. */
  get copies(): GPUCommandEncoder {
    this.endPass();
    this.encoder ??= this.gpu.createCommandEncoder();
    return this.encoder;
  }

  add(buffer: GPUCommandBuffer): void {
    this.close();
    this.finished.push(buffer);
  }

  finish(): GPUCommandBuffer[] {
    this.close();
    return this.finished;
  }

  private endPass(): void {
    this.opened?.end();
    this.opened = undefined;
  }

  private close(): void {
    this.endPass();
    if (this.encoder) this.finished.push(this.encoder.finish());
    this.encoder = undefined;
  }
}
