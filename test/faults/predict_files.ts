import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { encodeHead } from '../../src/nn/head_file.ts';
import { saveSafetensors } from '../../src/weights/safetensors_writer.ts';
import { fill, syntheticBackbone } from '../../src/weights/synthetic_network.ts';

export interface FilesOptions {
  readonly root: string;
  readonly count: number;
  readonly threads: number;
  readonly adapter: string;
  /** Every n-th file is broken, in ten ways in turn; 10 by default. */
  readonly every?: number;
}

export interface FilesResult {
  readonly files: number;
  readonly broken: number;
  /** Broken files that standard error names. */
  readonly named: number;
  readonly answered: number;
  /** Answers for broken files, and answers that differ from those for the same picture under another name. */
  readonly wrong: number;
  readonly status: number | null;
  readonly elapsedMs: number;
  readonly peakRssMB: number;
}

const PICTURES = 12;

/**
 * Runs `raycam predict` on `count` files in one call: pictures under many names, mixed with broken files. The network
 * is a synthetic ResNet-18, loaded from a file.
 */
export async function predictFiles({ root, count, threads, adapter, every = 10 }: FilesOptions): Promise<FilesResult> {
  const folder = mkdtempSync(join(tmpdir(), 'raycam-files-'));
  try {
    const { weights, head } = await writeNetwork(folder);
    const { paths, pictureOf } = await writeFiles(join(folder, 'images'), { count, every });
    const startedMs = performance.now();
    const ran = await run(root, [
      ...['predict', ...paths, '--weights', weights, '--head', head, '--cache-dir', join(folder, 'cache')],
      ...['--adapter', adapter, '--threads', String(threads), '--json', '--quiet'],
    ]);
    const elapsedMs = performance.now() - startedMs;
    return { ...judge(ran, paths, pictureOf), status: ran.status, elapsedMs, peakRssMB: ran.peakRssMB };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(ran: Ran, paths: readonly string[], pictureOf: ReadonlyMap<string, number>) {
  const answers = ran.stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as { image: string; logProbabilities: object; error?: object })
    .filter(({ error }) => error === undefined);
  const verdicts = new Map<number, string>();
  let wrong = 0;
  for (const { image, logProbabilities } of answers) {
    const picture = pictureOf.get(image);
    const verdict = JSON.stringify(logProbabilities);
    if (picture === undefined || (verdicts.get(picture) ?? verdict) !== verdict) wrong++;
    else verdicts.set(picture, verdict);
  }
  if (new Set(verdicts.values()).size < Math.min(PICTURES, pictureOf.size)) wrong++; // equal answers for different pictures would prove nothing
  const broken = paths.filter(path => !pictureOf.has(path));
  return {
    files: paths.length,
    broken: broken.length,
    named: broken.filter(path => ran.stderr.includes(`raycam: ${path}: `)).length,
    answered: new Set(answers.map(({ image }) => image)).size,
    wrong,
  };
}

async function writeNetwork(folder: string): Promise<{ weights: string; head: string }> {
  const [weights, head] = [join(folder, 'weights.safetensors'), join(folder, 'head.safetensors')];
  const parts: Uint8Array[] = [];
  await saveSafetensors(
    { write: async bytes => void parts.push(bytes.slice()) },
    syntheticBackbone('resnet18').stateDict.values(),
  );
  const bytes = Buffer.concat(parts);
  writeFileSync(weights, bytes);
  const weightsHash = createHash('sha256').update(bytes).digest('hex');
  const classes = ['NORMAL', 'PNEUMONIA'];
  const values = {
    classes,
    featureCount: 512,
    weight: fill('head', 1024, u => u - 0.5),
    bias: Float32Array.of(0.1, -0.1),
  };
  const metadata = {
    backbone: 'file:weights.safetensors',
    featuresOf: 'file:weights.safetensors',
    weightsHash,
    preprocessing: {},
    training: {},
    metrics: {},
  };
  writeFileSync(head, encodeHead(values, metadata));
  return { weights, head };
}

async function writeFiles(
  folder: string,
  { count, every }: { readonly count: number; readonly every: number },
): Promise<{ paths: string[]; pictureOf: Map<string, number> }> {
  mkdirSync(folder, { recursive: true });
  const originals = await Promise.all(
    Array.from({ length: PICTURES }, (_, i) => drawPicture(join(folder, `original ${i}`), i)),
  );
  const pictureOf = new Map<string, number>();
  const paths = Array.from({ length: count }, (_, i) => {
    const broken = i % every === every - 1;
    const path = join(folder, broken ? `${i}.jpeg` : `${i} ${['ä', 'b c', "d'e", '日本'][i % 4]}.jpeg`);
    if (broken) breakFile(path, Math.floor(i / every), originals);
    else {
      const picture = pictureOf.size % PICTURES;
      linkSync(originals[picture]!, path);
      pictureOf.set(path, picture);
    }
    return path;
  });
  return { paths, pictureOf };
}

async function drawPicture(path: string, i: number): Promise<string> {
  const side = 60 + 20 * i;
  const pixels = Uint8Array.from(
    { length: side * side * 3 },
    (_, at) => ((at % side) * (i + 1) + Math.floor(at / side) * 3) % 256,
  );
  const image = sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
  writeFileSync(path, await (i % 3 === 0 ? image.png() : image.jpeg()).toBuffer());
  return path;
}

/**
 * Breaks a file, in turn: half a JPEG, empty, text, a folder, a broken link, missing, a JPEG header and noise, half a
 * PNG, a cut PNG header, JSON.
 */
function breakFile(path: string, kind: number, originals: readonly string[]): void {
  const [png, jpeg] = [originals[0]!, originals[1]!].map(original => readFileSync(original)) as [Buffer, Buffer];
  const ways = [
    () => writeFileSync(path, jpeg.subarray(0, jpeg.length >> 1)),
    () => writeFileSync(path, ''),
    () => writeFileSync(path, 'this is not an image'),
    () => mkdirSync(path),
    () => symlinkSync(`${path}.nowhere`, path),
    () => {},
    () => writeFileSync(path, Buffer.concat([jpeg.subarray(0, 20), Buffer.alloc(5000, 0x5a)])),
    () => writeFileSync(path, png.subarray(0, png.length >> 1)),
    () => writeFileSync(path, png.subarray(0, 20)),
    () => copyFileSync('package.json', path),
  ];
  ways[kind % ways.length]!();
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly peakRssMB: number;
}

/** Runs the command in its own process, which reports its peak memory when it ends. */
function run(root: string, args: readonly string[]): Promise<Ran> {
  const report = `process.on('exit', () => process.stderr.write('\\npeak ' + process.resourceUsage().maxRSS + '\\n'))`;
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(report)}`, 'dist/cli.js', ...args],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 900_000,
    },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  return new Promise(resolve =>
    child.on('close', status =>
      resolve({ status, stdout, stderr, peakRssMB: Number(/\npeak (\d+)\n/.exec(stderr)?.[1] ?? Number.NaN) / 1e3 }),
    ),
  );
}
