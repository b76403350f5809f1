/** Runs commands, kills them at random moments, and inspects the files that they leave. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openWeights } from '../../src/weights/open_weights.ts';

export interface Lab {
  /** Folder with the files that make_inputs.ts made. */
  readonly inputs: string;
  /** The bundled command line, and the bundle of pull_child.ts. */
  readonly cli: string;
  readonly pullChild: string;
  /** An empty folder for the output of the runs. */
  readonly work: string;
}

/** One of the commands that must survive a kill. */
export interface Experiment {
  readonly name: string;
  /** Returns the arguments for Node. The run writes only into `folder`. */
  readonly args: (folder: string) => readonly string[];
  /** Files that must equal those of an undisturbed run. */
  readonly results: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

/** Runs Node and kills it after `killAfterMs`. `limitKiB` limits the size of the files that it writes. */
export function run(
  args: readonly string[],
  { killAfterMs, limitKiB }: { readonly killAfterMs?: number; readonly limitKiB?: number } = {},
): Promise<Ended> {
  const started = performance.now();
  // With SIGXFSZ ignored, exceeding the limit makes the write fail, as on a full disk.
  const limited = ['-c', `trap '' XFSZ; ulimit -f ${limitKiB}; exec "$@"`, '-', process.execPath, ...args];
  const child = limitKiB === undefined ? spawn(process.execPath, [...args]) : spawn('bash', limited, { stdio: 'pipe' });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', text => {
    stdout += text;
  });
  child.stderr.on('data', text => {
    stderr += text;
  });
  return new Promise(resolve => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, elapsedMs: performance.now() - started });
    });
  });
}

export function experimentsOf({ inputs, cli, pullChild }: Lab, url: string, sha256: string): readonly Experiment[] {
  const network = ['--weights', join(inputs, 'resnet18.safetensors'), '--adapter', 'wasm', '--threads', '1', '--quiet'];
  const cache = (folder: string) => ['--cache-dir', join(folder, 'cache')];
  const data = join(inputs, 'data');
  return [
    {
      name: 'features',
      args: folder => [cli, 'features', data, '--out', join(folder, 'f.npy'), ...cache(folder), ...network],
      results: ['f.npy', 'f.json'],
    },
    {
      name: 'train',
      args: folder => [
        cli,
        'train',
        data,
        '--out',
        join(folder, 'h.safetensors'),
        '--epochs',
        '3',
        ...cache(folder),
        ...network,
      ],
      results: ['h.safetensors'],
    },
    {
      name: 'weights pull',
      args: folder => [pullChild, join(folder, 'cache'), url, sha256],
      results: ['cache/w.safetensors', 'cache/w.safetensors.sha256'],
    },
  ];
}

export interface CrashResult {
  readonly name: string;
  readonly kills: number;
  /** Runs that ended before the kill reached them. */
  readonly tooLate: number;
  readonly resumes: number;
  /** `differing`: results that differ from the undisturbed run's. `corrupt`: files that cannot be opened. */
  readonly differing: readonly string[];
  readonly corrupt: readonly string[];
}

/**
 * Kills the command repeatedly, then lets it finish and compares its results. Repeats this until `kills` kills have
 * struck.
 */
export async function crash(
  experiment: Experiment,
  { work }: Lab,
  { kills, random }: { readonly kills: number; readonly random: () => number },
): Promise<CrashResult> {
  const calm = join(work, `${experiment.name} undisturbed`);
  const { elapsedMs, code, stderr } = await finished(experiment, calm);
  if (code !== 0) throw new Error(`${experiment.name}: the undisturbed run failed: ${stderr}`);
  const [differing, corrupt]: [string[], string[]] = [[], []];
  let [struck, tooLate, resumes] = [0, 0, 0];
  for (let round = 0; struck < kills; round++) {
    const folder = join(work, `${experiment.name} ${round}`);
    mkdirSync(folder, { recursive: true });
    for (let left = 1 + Math.floor(random() * 4); left > 0 && struck < kills; left--) {
      const { signal } = await run(experiment.args(folder), { killAfterMs: random() * elapsedMs });
      if (signal === 'SIGKILL') struck++;
      else tooLate++;
      corrupt.push(...(await corruptFiles(folder)));
    }
    const last = await finished(experiment, folder);
    if (last.code === 0) resumes++;
    else differing.push(`${folder}: ${last.stderr}`);
    differing.push(...experiment.results.filter(name => !sameBytes(join(folder, name), join(calm, name))));
    corrupt.push(...(await corruptFiles(folder)));
    rmSync(folder, { recursive: true });
  }
  rmSync(calm, { recursive: true });
  return { name: experiment.name, kills: struck, tooLate, resumes, differing, corrupt };
}

export function finished(experiment: Experiment, folder: string): Promise<Ended> {
  mkdirSync(folder, { recursive: true });
  return run(experiment.args(folder));
}

export function sameBytes(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && Buffer.compare(readFileSync(a), readFileSync(b)) === 0;
}

/**
 * Returns the files that cannot be read. Every file must be complete at any moment, except those with a name for
 * unfinished files.
 */
export async function corruptFiles(folder: string): Promise<string[]> {
  const corrupt: string[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (statSync(path).isDirectory() || isUnfinished(name)) continue;
    const problem = await problemOf(path).catch(error => (error as Error).message);
    if (problem !== undefined) corrupt.push(`${path}: ${problem}`);
  }
  return corrupt;
}

export function isUnfinished(name: string): boolean {
  return /\.(tmp|part|part\.json|lock)$/.test(name);
}

async function problemOf(path: string): Promise<string | undefined> {
  if (path.endsWith('.safetensors')) {
    const file = await openWeights(path);
    const { sha256 } = file.metadata;
    const features = await file.tensors.get('features')?.readBytes?.();
    await file.close();
    const digest = features && createHash('sha256').update(features).digest('hex');
    return digest === undefined || digest === sha256 ? undefined : 'its rows do not match its SHA-256';
  }
  const text = readFileSync(path);
  if (path.endsWith('.json')) JSON.parse(text.toString());
  else if (path.endsWith('.jsonl')) for (const line of text.toString().trimEnd().split('\n')) JSON.parse(line);
  else if (path.endsWith('.npy')) return text.length % 64 === 0 || text.length > 128 ? undefined : 'ends early';
  else if (path.endsWith('.sha256')) return /^[0-9a-f]{64} {2}\d+\n$/.test(text.toString()) ? undefined : 'ends early';
  return undefined;
}

export interface FileServer {
  readonly url: string;
  readonly sha256: string;
  /** Range headers, or `whole`. */
  readonly requests: string[];
  close(): void;
}

/** Serves a file with Range and ETag, slowly enough for a kill to strike during the download. */
export async function serveFile(path: string, bytesPerSecond: number): Promise<FileServer> {
  const { size } = statSync(path);
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  const requests: string[] = [];
  const server: Server = createServer(async (request, response) => {
    requests.push(request.headers.range ?? 'whole');
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.setHeader('etag', '"1"');
    if (start > 0) response.setHeader('content-range', `bytes ${start}-${size - 1}/${size}`);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': size - start });
    const pieceBytes = Math.ceil(bytesPerSecond / 50);
    for await (const piece of createReadStream(path, { start, highWaterMark: pieceBytes })) {
      if (response.destroyed) return;
      response.write(piece);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/w`, sha256, requests, close };
}
