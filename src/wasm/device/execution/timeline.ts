type Work = () => Promise<void> | void;

/** What the queue was given, in order: each entry has a number, and is done before the next one starts. */
export class Timeline {
  private readonly waiting: Work[] = [];
  private readonly watchers: { readonly serial: number; readonly done: () => void }[] = [];
  private running = false;
  private stopped = false;
  /** The number of the last entry, and of the last that is done. */
  enqueued = 0;
  completed = 0;

  /** @param onFailure  told of work that failed; nothing runs after it */
  constructor(private readonly onFailure: (error: unknown) => void) {}

  get idle(): boolean {
    return this.completed === this.enqueued;
  }

  /** Starts at once where nothing waits. */
  enqueue(work: Work): number {
    this.waiting.push(work);
    this.enqueued++;
    const serial = this.enqueued;
    if (!this.running) this.run();
    return serial;
  }

  /** Calls `done` once the entry is done; at once where it is. */
  after(serial: number, done: () => void): void {
    if (serial <= this.completed || this.stopped) done();
    else this.watchers.push({ serial, done });
  }

  /** Drops what waits; who waited for it is told that it is over. */
  stop(): void {
    this.stopped = true;
    this.waiting.length = 0;
    for (const { done } of this.watchers.splice(0)) done();
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      for (let work = this.waiting.shift(); work && !this.stopped; work = this.waiting.shift()) {
        const result = work();
        if (result) await result;
        if (this.stopped) return;
        this.completed++;
        this.tell();
      }
    } catch (error) {
      this.onFailure(error);
    } finally {
      this.running = false;
    }
  }

  private tell(): void {
    const due = this.watchers.filter(({ serial }) => serial <= this.completed);
    if (due.length === 0) return;
    const rest = this.watchers.filter(({ serial }) => serial > this.completed);
    this.watchers.splice(0, this.watchers.length, ...rest);
    for (const { done } of due) done();
  }
}
