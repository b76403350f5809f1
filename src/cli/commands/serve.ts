import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { cacheDirectory, fileExists, joinPath, packageFile } from '#platform';
import { InputError } from '../../errors/index.ts';
import { isLoopback } from '../../server/check_request.ts';
import { startPageServer } from '../../server/page_server.ts';
import { WeightsDesk } from '../../server/weights_desk.ts';
import { zooEntry } from '../../weights/zoo.ts';
import { addSpeechOptions, type SpeechOptions, wholeNumber } from '../options.ts';
import { Output } from '../output.ts';
import { interruption, PullProgress, runCommand } from '../session.ts';

const DEFAULT_PORT = 8152;

interface ServeFlags extends SpeechOptions {
  readonly port: number;
  readonly host: string;
  readonly backbone?: string;
  readonly weights?: string;
  readonly head?: string;
  readonly offline?: boolean;
  readonly open?: boolean;
}

export function registerServe(program: Command): void {
  addSpeechOptions(program.command('serve'))
    .description('the page: see every layer think, in your browser; nothing leaves this computer')
    .option('--port <number>', '0 takes any that is free', wholeNumber(0, 65535), DEFAULT_PORT)
    .option('--host <address>', 'where to listen; other computers can reach any but loopback', '127.0.0.1')
    .option('--backbone <id>', 'the network that the page opens (default: the head’s)')
    .option('--weights <file>', 'a weights file of your own, for the page to open')
    .option('--head <file>', 'a head of `raycam train` (default: the bundled one)')
    .option('--offline', 'offer the weights that the cache has, fetch nothing')
    .option('--open', 'open the page in the browser')
    .action((flags: ServeFlags) => runCommand(flags, () => serve(flags)));
}

async function serve(flags: ServeFlags): Promise<void> {
  const { host, port, backbone, json } = flags;
  const output = new Output(flags);
  if (backbone !== undefined) zooEntry(backbone);
  const folder = packageFile('dist/web');
  if (!(await fileExists(joinPath(folder, 'index.html'))))
    throw new InputError('serve: the page is not built. Run `npm run build:web`, or start it with `npm run serve`');
  let pulling: PullProgress | undefined;
  const weights = new WeightsDesk({
    folder,
    cacheDir: flags.cacheDir ?? cacheDirectory(),
    model: backbone,
    weightsFile: flags.weights,
    headFile: flags.head,
    offline: flags.offline,
    signal: interruption.signal,
    onPull: progress => {
      pulling ??= new PullProgress(output);
      pulling.update(progress);
    },
    onPullEnd: () => {
      pulling?.stop();
      pulling = undefined;
    },
  });
  const { model } = await weights.describe();
  const server = await startPageServer({ folder, host, port, weights });
  output.result({ url: server.url, model }, `Raycam is at ${server.url}`);
  if (!isLoopback(host))
    output.note(
      'Other computers can reach this page. Browsers give it WebGPU, threads and storage over https or on localhost alone: put a proxy with https before it, or forward the port (ssh -L)',
    );
  if (!json) output.note('Ctrl-C ends it.');
  if (flags.open) openBrowser(server.url);
  await new Promise<void>(resolve => interruption.signal.addEventListener('abort', () => resolve()));
  await server.close();
}

function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url];
  spawn(command!, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
