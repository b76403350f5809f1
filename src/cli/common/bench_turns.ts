import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { joinPath, resolvePath, writeStdout } from '#platform';
import type { ComparedRow, ComparisonResult } from '../../bench/compare.ts';
import type { Environment } from '../../bench/environment.ts';
import type { PairedOptions } from '../../bench/paired.ts';
import type { Turn, Turns } from '../../bench/turns.ts';
import { RaycamError, UsageError } from '../../errors/index.ts';
import type { Output } from './output.ts';

/** The first line that a process prints when it is ready for questions. */
interface Ready {
  readonly environment: Environment;
  readonly turns: readonly Turn[];
}

/**
 * Serves another `raycam bench`: each input line requests a warm-up or a sample, each output line answers. Ends with
 * its input.
 */
export async function serveTurns(turns: Turns): Promise<void> {
  const ready: Ready = { environment: turns.environment, turns: turns.turns };
  await writeStdout(`${JSON.stringify(ready)}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const { index, repeats } = JSON.parse(line) as { index: number; repeats?: number };
    const answer = repeats === undefined ? await turns.warmUp(index) : await turns.sample(index, repeats);
    await writeStdout(`${JSON.stringify(answer)}\n`);
  }
  turns.dispose();
}

export interface AgainstOptions extends Pick<PairedOptions, 'limit' | 'mostPairs' | 'signal'> {
  /** Another clone, its `dist`, or its `cli.js`. */
  readonly against: string;
  /** Arguments of this command, for both builds. */
  readonly args: readonly string[];
  readonly output: Output;
}

/**
 * Compares another build of Raycam with this one. Two processes take turns: one works while the other waits.
 *
 * @throws UsageError   there is no build at `against`
 * @throws RaycamError  one of the processes failed
 */
export async function compareBuilds({ against, args, output, ...options }: AgainstOptions): Promise<ComparisonResult> {
  const { comparePaired, overall } = await import('../../bench/index.ts');
  const processes = [findBuild(against), ownBuild()].map(path => new TurnsProcess(path, args));
  const [before, after] = processes as [TurnsProcess, TurnsProcess];
  try {
    output.note('bench: both builds prepare and check their kernels');
    const [then, now] = await Promise.all([before.ready(), after.ready()]);
    const rows: ComparedRow[] = [];
    const common = now.turns.flatMap((turn, index) => {
      const other = then.turns.findIndex(({ operation, shape, variant }) =>
        sameTurn(turn, { operation, shape, variant }),
      );
      return other < 0 ? [] : [{ turn, index, other }];
    });
    for (const [i, { turn, index, other }] of common.entries()) {
      output.note(`bench ${i + 1}/${common.length}: ${turn.operation} ${turn.shape}`);
      const repeats = Math.max(await before.ask({ index: other }), await after.ask({ index }));
      const result = await comparePaired(
        () => before.ask({ index: other, repeats }),
        () => after.ask({ index, repeats }),
        options,
      );
      const { operation, shape, variant, kernels } = turn;
      rows.push({ operation, shape, variant, before: then.turns[other]!.kernels, after: kernels, ...result });
    }
    const { runtime, raycam, commit, date, adapter } = then.environment;
    return {
      kind: 'comparison',
      environment: now.environment,
      baseline: { runtime, raycam, commit, date, adapter: adapter.description },
      limit: options.limit,
      rows,
      refused: [],
      verdict: overall(rows),
    };
  } finally {
    for (const each of processes) each.end();
  }
}

function sameTurn(a: Turn, b: Pick<Turn, 'operation' | 'shape' | 'variant'>): boolean {
  return a.operation === b.operation && a.shape === b.shape && a.variant === b.variant;
}

/** @throws UsageError */
function findBuild(path: string): string {
  const candidates = [path, joinPath(path, 'cli.js'), joinPath(path, 'dist/cli.js')];
  const found = candidates.find(candidate => candidate.endsWith('.js') && existsSync(candidate));
  if (found === undefined)
    throw new UsageError(
      `bench: ${path}: is not a build of Raycam. Run \`node scripts/build.mjs\` there, and name its folder`,
    );
  return resolvePath(found);
}

/** Returns the path of this build's cli.js. Bundled code is in the same folder or one below. */
function ownBuild(): string {
  return ['./cli.js', '../cli.js'].map(path => fileURLToPath(new URL(path, import.meta.url))).find(existsSync)!;
}

/** A `raycam bench --in-turns` that answers one question at a time. */
class TurnsProcess {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private errors = '';

  constructor(
    private readonly path: string,
    args: readonly string[],
  ) {
    this.child = spawn(process.execPath, [path, ...args, '--in-turns'], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stderr!.on('data', chunk => {
      this.errors = `${this.errors}${chunk}`.slice(-2000);
    });
    this.child.stdin!.on('error', () => {}); // `next` reports an early end
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  ready(): Promise<Ready> {
    return this.next<Ready>();
  }

  ask(question: { index: number; repeats?: number }): Promise<number> {
    this.child.stdin!.write(`${JSON.stringify(question)}\n`);
    return this.next<number>();
  }

  end(): void {
    this.child.stdin!.end();
    this.child.kill();
  }

  private async next<Answer>(): Promise<Answer> {
    const { value, done } = await this.lines.next();
    if (!done) return JSON.parse(value) as Answer;
    const reason = this.errors.trim().split('\n').at(-1) || 'it exited without a message';
    throw new RaycamError(`bench: the build at ${this.path} failed (${reason})`);
  }
}
