import cliProgress from 'cli-progress';
import { isInteractive, writeStderr, writeStdout } from '#platform';

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface Progress {
  update(done: number, total?: number): void;
  stop(): void;
}

/** Where a command writes: results to stdout, one line of JSON each if asked; progress and notes to stderr. */
export class Output {
  private active: cliProgress.SingleBar | undefined;

  constructor(private readonly options: OutputOptions = {}) {}

  get isJson(): boolean {
    return this.options.json ?? false;
  }

  /** One result: a JSON object, or the same for people. */
  result(record: object, text: string): void {
    writeStdout(this.isJson ? `${JSON.stringify(record)}\n` : `${text}\n`);
  }

  /** What ran, what was skipped, what to know. */
  note(text: string): void {
    if (!this.options.quiet) writeStderr(`${text}\n`);
  }

  /** Shown even with --quiet. */
  warn(text: string): void {
    writeStderr(`${text}\n`);
  }

  /** A bar with an estimate on a terminal, a line every few seconds elsewhere. */
  progress(label: string, total: number, unit = ''): Progress {
    if (this.options.quiet) return { update: () => {}, stop: () => {} };
    return isInteractive() ? this.bar(label, total, unit) : this.lines(label, total, unit);
  }

  /** Ends a bar that an error or Ctrl-C left open. */
  close(): void {
    this.active?.stop();
    this.active = undefined;
  }

  private bar(label: string, total: number, unit: string): Progress {
    const format = `${label} {bar} {value}/{total}${unit && ` ${unit}`} · {eta_formatted} left`;
    const bar = new cliProgress.SingleBar(
      { format, stream: process.stderr, clearOnComplete: true, etaBuffer: 20 },
      cliProgress.Presets.shades_classic,
    );
    bar.start(total, 0);
    this.active = bar;
    return {
      update: (done, newTotal) => {
        if (newTotal !== undefined) bar.setTotal(newTotal);
        bar.update(done);
      },
      stop: () => {
        bar.stop();
        this.active = undefined;
      },
    };
  }

  private lines(label: string, total: number, unit: string): Progress {
    const EVERY_MS = 5000;
    const startedMs = performance.now();
    let shownMs = startedMs;
    return {
      update: (done, newTotal = total) => {
        const nowMs = performance.now();
        if (nowMs - shownMs < EVERY_MS || done === 0) return;
        shownMs = nowMs;
        const leftS = Math.round(((nowMs - startedMs) / done) * (newTotal - done) * 1e-3);
        writeStderr(`${label} ${done}/${newTotal}${unit && ` ${unit}`} · about ${leftS} s left\n`);
      },
      stop: () => {},
    };
  }
}
