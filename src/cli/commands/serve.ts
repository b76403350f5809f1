import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { cacheDirectory, fileExists, joinPath, packageFile } from '#platform';
import { InputError } from '../../errors/index.ts';
import { isLoopback } from '../../server/check_request.ts';
import { startPageServer } from '../../server/page_server.ts';
import { WeightsDesk } from '../../server/weights_desk.ts';
import { zooEntry } from '../../weights/zoo.ts';
import { HEADS_NETWORK, pageHeadOption } from '../common/head.ts';
import { addCommonOptions, type CommonFlags, NETWORK_GROUP, wholeNumber } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { interruption, PullProgress, runCommand } from '../common/session.ts';

const DEFAULT_PORT = 8152;

interface ServeFlags extends CommonFlags {
  readonly port: number;
  readonly host: string;
  readonly backbone?: string;
  readonly weights?: string;
  readonly head?: string;
  readonly offline?: boolean;
  readonly open?: boolean;
}

export function registerServe(program: Command): void {
  const command = program
    .command('serve')
    .description('serve the page, which shows what every layer computes; nothing leaves this computer')
    .option('--port <number>', 'port to listen on; 0 takes any free port', wholeNumber(0, 65535), DEFAULT_PORT)
    .option('--host <address>', 'address to listen on; other computers can reach any but loopback', '127.0.0.1')
    .option('--open', 'open the page in the browser')
    .addOption(pageHeadOption())
    .optionsGroup(NETWORK_GROUP)
    .option('--backbone <id>', `the network that the page opens (default: ${HEADS_NETWORK})`)
    .option('--weights <file>', 'your own weights file, for the page to open');
  addCommonOptions(command)
    .option('--offline', 'download nothing; use only what is in the cache')
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
      'Other computers can reach this page. Browsers allow WebGPU, threads and storage only over https or on localhost: put an https proxy in front of it, or forward the port (ssh -L)',
    );
  if (!json) output.note('Press Ctrl-C to stop.');
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
