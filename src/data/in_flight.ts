/**
 * Runs a limited number of asynchronous tasks at once, and delivers their results in the order in which the tasks
 * started.
 */
export class InFlight<Result> {
  private readonly most: number;
  private readonly running: { readonly result: Promise<Result>; readonly take: (result: Result) => Promise<void> }[] =
    [];

  constructor(most: number) {
    this.most = most;
  }

  get isEmpty(): boolean {
    return this.running.length === 0;
  }

  /** Starts a task as soon as fewer than the limit are running. @throws the error of an earlier task */
  async begin(work: () => Promise<Result>, take: (result: Result) => Promise<void>): Promise<void> {
    while (this.running.length >= this.most) await this.finishOldest();
    const result = work();
    result.catch(() => {}); // `finishOldest` rethrows it
    this.running.push({ result, take });
  }

  /** Waits for all tasks. @throws the error of a task */
  async finish(): Promise<void> {
    while (this.running.length > 0) await this.finishOldest();
  }

  /** Waits for all tasks after a failure. Delivers the results that succeeded and ignores further errors. */
  async settle(): Promise<void> {
    while (this.running.length > 0) await this.finishOldest().catch(() => {});
  }

  private async finishOldest(): Promise<void> {
    const { result, take } = this.running.shift()!;
    await take(await result);
  }
}
