/**
 * Limits of a process's addresses, which clusters set with `ulimit -v`. V8 reserves 10 GB for each WebAssembly memory,
 * so that kernels need no bounds checks; without that, a network runs in an eighth of it.
 */
import { spawn } from 'node:child_process';
import { addressSpaceBytes, writeStderr } from '#platform';

/** Node's option for small address spaces. Node 20.0 to 20.14 do not have it. */
const WITHOUT_RESERVATION = '--disable-wasm-trap-handler';
/** Node, two memories of 10 GB, and the heaps of the threads fit into this. */
const AMPLE_BYTES = 40e9;

/** Signals by which a process ends when V8 cannot reserve memory. */
const CRASHES = new Set<NodeJS.Signals | null>(['SIGTRAP', 'SIGILL', 'SIGABRT', 'SIGSEGV']);

/**
 * Runs this command again in a process that reserves no addresses for WebAssembly, if their number is limited. Returns
 * whether it did; the exit status is then that of the other process.
 */
export async function runInSmallAddressSpace(): Promise<boolean> {
  const isSet = `${process.execArgv} ${process.env.NODE_OPTIONS}`.includes(WITHOUT_RESERVATION);
  const isKnown = process.allowedNodeEnvironmentFlags.has(WITHOUT_RESERVATION);
  if (isSet || !isKnown || addressSpaceBytes() >= AMPLE_BYTES) return false;
  const args = [WITHOUT_RESERVATION, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes.
  const isAtTerminal = process.stdin.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !isAtTerminal) child.kill(signal);
    });
  return new Promise(resolve => {
    child.on('error', () => resolve(false));
    child.on('exit', (status, signal) => {
      process.exitCode = status ?? 1;
      if (CRASHES.has(signal)) writeStderr(`raycam: out of memory (V8 ended with ${signal}). ${remedy()}\n`);
      else if (signal !== null) {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      }
      resolve(true);
    });
  });
}

/** Explains an allocation that failed, in one sentence; undefined for any other error. */
export function describeExhaustedMemory(error: unknown): string | undefined {
  if (!(error instanceof RangeError) || !isAllocation(error.message)) return undefined;
  return `out of memory (${error.message}). ${remedy()}`;
}

/** Adds the limit of this process's addresses to an error of the device that it may have caused. */
export function withAddressLimit(message: string): string {
  return isAllocation(message) && Number.isFinite(addressSpaceBytes()) ? `${message}. ${remedy()}` : message;
}

function isAllocation(message: string): boolean {
  return /allocat|WebAssembly memory/i.test(message);
}

function remedy(): string {
  const limit = addressSpaceBytes();
  return Number.isFinite(limit)
    ? `This process may use ${(limit / 1e9).toFixed(1)} GB of addresses (ulimit -v). Raise that limit, use fewer --threads, or choose a smaller --backbone`
    : 'Close other programs, use --compact, or choose a smaller --backbone';
}
