import cliProgress from 'cli-progress';
import { isInteractive, writeStderr, writeStdout } from '#platform';
import { escapeControls } from '../../errors/escape_controls.ts';

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface Progress {
  update(done: number, total?: number): void;
  stop(): void;
}

/** One line, or several. Names of files are part of it, so control characters in it are escaped, line feeds too. */
type Text = string | readonly string[];

/** Writes results to stdout (with --json, a line of JSON each), and progress and notes to stderr. */
export class Output {
  private active: cliProgress.SingleBar | undefined;

  constructor(private readonly options: OutputOptions = {}) {}

  get isJson(): boolean {
    return this.options.json ?? false;
  }

  /** Writes one result, as a JSON object or as text. */
  result(record: object, text: Text): void {
    writeStdout(this.isJson ? `${escapeControls(JSON.stringify(record))}\n` : printable(text));
  }

  /** Writes a result that has no text, with --json only. */
  record(record: object): void {
    if (this.isJson) this.result(record, '');
  }

  /** With --json, writes the record of an image that was skipped. */
  skipped(image: string, text: string): void {
    this.record({ image, error: { code: 'unreadable', text } });
  }

  /** Writes a note: what runs, what was skipped. */
  note(text: Text): void {
    if (!this.options.quiet) writeStderr(printable(text));
  }

  /** Writes a warning, even with --quiet. */
  warn(text: Text): void {
    writeStderr(printable(text));
  }

  /** Shows a bar with the estimated time left on a terminal, otherwise a line every few seconds. */
  progress(label: string, total: number, unit = ''): Progress {
    if (this.options.quiet) return { update: () => {}, stop: () => {} };
    return isInteractive() ? this.bar(label, total, unit) : this.lines(label, total, unit);
  }

  /** Removes a bar that an error or Ctrl-C left open. */
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

/** Returns the lines with control characters escaped: no name can move the cursor, start a line, or turn text round. */
export function printable(text: Text): string {
  return [text]
    .flat()
    .map(line => `${escapeControls(line)}\n`)
    .join('');
}
