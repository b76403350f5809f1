/** Work of which a few pieces may run at once; results are taken in the order in which they began. */
export class InFlight<Result> {
  readonly #most: number;
  readonly #running: { readonly result: Promise<Result>; readonly take: (result: Result) => Promise<void> }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#running.length === 0;
  }

  /** Starts a piece, once there is room. @throws what an earlier piece threw */
  async begin(work: () => Promise<Result>, take: (result: Result) => Promise<void>): Promise<void> {
    while (this.#running.length >= this.#most) await this.#finishOldest();
    const result = work();
    result.catch(() => {}); // thrown where it is waited for
    this.#running.push({ result, take });
  }

  /** Waits for all. @throws what a piece threw */
  async finish(): Promise<void> {
    while (this.#running.length > 0) await this.#finishOldest();
  }

  /** Waits for all, after a failure: what succeeded is taken, what failed is left. */
  async settle(): Promise<void> {
    while (this.#running.length > 0) await this.#finishOldest().catch(() => {});
  }

  async #finishOldest(): Promise<void> {
    const { result, take } = this.#running.shift()!;
    await take(await result);
  }
}
