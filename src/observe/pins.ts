/** Delays the destruction of buffers that captured dispatches still use. */
export class Pins {
  private readonly counts = new Map<GPUBuffer, number>();
  private readonly doomed = new Map<GPUBuffer, () => void>();
  private holdsAll = false;

  /** Delays every destruction until `pin`, because only at the end of a capture is it known which buffers it needs. */
  hold(): void {
    this.holdsAll = true;
  }

  /** Ends `hold`, and keeps these buffers. */
  pin(buffers: readonly GPUBuffer[]): void {
    this.holdsAll = false;
    for (const buffer of buffers) this.counts.set(buffer, (this.counts.get(buffer) ?? 0) + 1);
    this.sweep();
  }

  unpin(buffers: readonly GPUBuffer[]): void {
    for (const buffer of buffers) {
      const left = this.counts.get(buffer)! - 1;
      if (left > 0) this.counts.set(buffer, left);
      else this.counts.delete(buffer);
    }
    this.sweep();
  }

  /** Destroys a buffer now, or when it is no longer pinned. */
  destroy(buffer: GPUBuffer, destroy: () => void): void {
    this.doomed.set(buffer, destroy);
    this.sweep();
  }

  private sweep(): void {
    if (this.holdsAll) return;
    for (const [buffer, destroy] of this.doomed) {
      if (this.counts.has(buffer)) continue;
      this.doomed.delete(buffer);
      destroy();
    }
  }
}
