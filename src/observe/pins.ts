/** Buffers that captured commands are bound to. What the engine destroys of them stays until nobody needs it. */
export class Pins {
  private readonly counts = new Map<GPUBuffer, number>();
  private readonly doomed = new Map<GPUBuffer, () => void>();
  private holdsAll = false;

  /** From here on nothing is destroyed: which buffers a capture needs is known at its end. */
  hold(): void {
    this.holdsAll = true;
  }

  /** Ends `hold`, and keeps these. */
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

  /** Destroys a buffer now, or once it is needed no more. */
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
