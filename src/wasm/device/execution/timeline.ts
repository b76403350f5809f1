type Work = () => Promise<void> | void;

/** The work of the queue, in order. Entries are numbered; each one completes before the next one starts. */
export class Timeline {
  private readonly waiting: Work[] = [];
  private readonly watchers: { readonly serial: number; readonly done: () => void }[] = [];
  private running = false;
  private stopped = false;
  /** The numbers of the last entry and of the last completed entry. */
  enqueued = 0;
  completed = 0;

  /** @param onFailure  called with the error of work that failed; nothing runs afterwards */
  constructor(private readonly onFailure: (error: unknown) => void) {}

  get idle(): boolean {
    return this.completed === this.enqueued;
  }

  /** Adds an entry and returns its number. The work starts immediately if nothing else is running. */
  enqueue(work: Work): number {
    this.waiting.push(work);
    this.enqueued++;
    const serial = this.enqueued;
    if (!this.running) this.run();
    return serial;
  }

  /** Calls `done` once the entry is complete; immediately if it already is, or if the timeline has stopped. */
  after(serial: number, done: () => void): void {
    if (serial <= this.completed || this.stopped) done();
    else this.watchers.push({ serial, done });
  }

  /** Drops waiting work and calls all waiting `done` callbacks. */
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
