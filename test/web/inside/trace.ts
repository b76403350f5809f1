/** Reads the browser's trace of a page: the frames that reached the screen, and the tasks of its thread. */
import type { Page } from 'playwright-core';

/** Categories of the DevTools protocol's Tracing domain, which Playwright passes on. */
const CATEGORIES = ['disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame'];

export interface Task {
  /** Wall-clock time, which includes other programs. */
  readonly ms: number;
  /** CPU time; absent for a task that began before the trace. */
  readonly cpuMs?: number;
}

export interface PageTrace {
  /** When each frame was presented, in milliseconds. */
  readonly presentedMs: readonly number[];
  /** Frames that were due but not presented. */
  readonly dropped: number;
  /** Tasks of the main threads of all pages. */
  readonly tasks: readonly Task[];
}

export interface FrameRate {
  /** Rate of presented frames, from the first to the last. */
  readonly framesPerSecond: number;
  /** Longest time between two frames. */
  readonly longestMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly id2?: { readonly local: string };
  readonly args: { readonly name?: string; readonly frame_reporter?: { readonly state: string } };
}

/** Traces a page's browser while `work` runs. */
export async function traced(page: Page, work: () => Promise<void>): Promise<PageTrace> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: CATEGORIES });
  try {
    await work();
  } catch (error) {
    await browser.stopTracing(); // otherwise the browser cannot trace again
    throw error;
  }
  return readTrace(await browser.stopTracing());
}

/** Extracts frames and tasks from a trace. @throws  it has no timed task or no frame, so nothing was measured */
function readTrace(trace: Buffer): PageTrace {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const threadsNamed = (wanted: string) =>
    new Set(
      traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === wanted).map(event => idOf(event)),
    );
  const [mains, compositors] = [threadsNamed('CrRendererMain'), threadsNamed('Compositor')];
  const tasks = traceEvents
    .filter(event => event.name === 'RunTask' && event.dur !== undefined && mains.has(idOf(event)))
    .map(({ dur, tdur }) => ({ ms: dur! / 1000, ...(tdur !== undefined && { cpuMs: tdur / 1000 }) }));

  // A frame is a pair of events: the first has its state, the second its time.
  const presentedMs: number[] = [];
  const shown = new Set<string>();
  let dropped = 0;
  for (const event of traceEvents.sort((a, b) => a.ts - b.ts)) {
    if (event.name !== 'PipelineReporter' || !compositors.has(idOf(event))) continue;
    const key = `${idOf(event)} ${event.id2!.local}`;
    const state = event.args.frame_reporter?.state;
    if (event.ph === 'b' && state?.startsWith('STATE_PRESENTED')) shown.add(key);
    else if (event.ph === 'b' && state === 'STATE_DROPPED') dropped++;
    else if (event.ph === 'e' && shown.delete(key)) presentedMs.push(event.ts / 1000);
  }
  const timed = tasks.filter(({ cpuMs }) => cpuMs !== undefined).length;
  if (timed === 0 || presentedMs.length === 0)
    throw new Error(`trace: has ${timed} timed tasks and ${presentedMs.length} frames, expected at least one of each`);
  return { presentedMs, dropped, tasks };
}

/** Computes the frame rate. @throws  there are fewer than two frames */
export function frameRateOf({ presentedMs }: PageTrace): FrameRate {
  if (presentedMs.length < 2)
    throw new Error(`trace: has ${presentedMs.length} frames, expected at least two for a rate`);
  const gaps = presentedMs.slice(1).map((ms, i) => ms - presentedMs[i]!);
  const seconds = (presentedMs.at(-1)! - presentedMs[0]!) / 1000;
  return { framesPerSecond: gaps.length / seconds, longestMs: Math.max(...gaps) };
}

/** Returns the longest wall-clock time and the longest CPU time, which may be of different tasks. */
export function longestOf(tasks: readonly Task[]): Required<Task> {
  return { ms: Math.max(...tasks.map(({ ms }) => ms)), cpuMs: Math.max(...tasks.flatMap(({ cpuMs }) => cpuMs ?? [])) };
}

function idOf({ pid, tid }: TraceEvent): string {
  return `${pid}.${tid}`;
}
