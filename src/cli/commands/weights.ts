import { type Command, Option } from 'commander';
import { formatBytes } from '../../weights/byte_source.ts';
import { convertWeights, describeWeights, listZoo } from '../../weights/manage.ts';
import { pruneCache } from '../../weights/prune.ts';
import { pullWeights } from '../../weights/pull.ts';
import { addSpeechOptions, PREFIX_HELP, type SpeechOptions } from '../options.ts';
import { Output } from '../output.ts';
import { interruption, PullProgress, runCommand } from '../session.ts';

type PullFlags = SpeechOptions & { readonly offline?: boolean };
type PruneFlags = SpeechOptions & { readonly all?: boolean; readonly dryRun?: boolean };
type InfoFlags = SpeechOptions & { readonly tensors?: boolean; readonly prefix?: string };
type ConvertFlags = SpeechOptions & { readonly keepNames?: boolean; readonly prefix?: string };

export function registerWeights(program: Command): void {
  const weights = program.command('weights').description('pretrained networks: list, fetch, look into, convert');
  addSpeechOptions(weights.command('list'))
    .description('the networks that Raycam knows, where they come from, and which are at hand')
    .action((flags: SpeechOptions) => runCommand(flags, () => list(flags)));
  addSpeechOptions(weights.command('pull').argument('<id>', 'of `raycam weights list`'))
    .description('fetch a network into the cache; an interrupted download goes on where it stopped')
    .option('--offline', 'take what the cache has, fetch nothing')
    .action((id: string, flags: PullFlags) => runCommand(flags, () => pull(id, flags)));
  addSpeechOptions(weights.command('prune').argument('[id...]', 'of `raycam weights list`: their files go too'))
    .description('remove what downloads have left in the cache, and the networks that are named')
    .option('--all', 'every network')
    .option('--dry-run', 'only say what would go')
    .action((ids: string[], flags: PruneFlags) => runCommand(flags, () => prune(ids, flags)));
  addSpeechOptions(weights.command('info').argument('<file>', '.pth, .safetensors, or a TF.js model.json'))
    .description('what a weights file holds; nothing of it is run')
    .option('--tensors', 'every tensor, with type and shape')
    .option('--prefix <text>', PREFIX_HELP)
    .action((file: string, flags: InfoFlags) => runCommand(flags, () => info(file, flags)));
  addSpeechOptions(
    weights.command('convert').argument('<in>', 'a weights file').argument('<out>', 'the .safetensors file to write'),
  )
    .description('any weights file as float32 safetensors under torchvision’s names')
    .addOption(new Option('--keep-names', 'leave names and layouts as they are').conflicts('prefix'))
    .option('--prefix <text>', PREFIX_HELP)
    .action((input: string, output: string, flags: ConvertFlags) =>
      runCommand(flags, () => convert(input, output, flags)),
    );
}

async function list(flags: SpeechOptions): Promise<void> {
  const output = new Output(flags);
  const entries = await listZoo(flags);
  const width = Math.max(...entries.map(({ id }) => id.length));
  for (const entry of entries) {
    const state = entry.cachedBytes === undefined ? `from ${entry.from}` : `cached, ${formatBytes(entry.cachedBytes)}`;
    output.result(entry, `${entry.id.padEnd(width)}  ${entry.note}; ${entry.licence}; ${state}`);
  }
}

async function pull(id: string, flags: PullFlags): Promise<void> {
  const output = new Output(flags);
  const progress = new PullProgress(output);
  const { path, sha256, sizeBytes } = await pullWeights(id, {
    cacheDir: flags.cacheDir,
    offline: flags.offline,
    signal: interruption.signal,
    onProgress: progress.update,
  }).finally(() => progress.stop());
  output.result({ id, path, sha256, sizeBytes }, `${path} (${formatBytes(sizeBytes)}, sha256 ${sha256})`);
}

async function prune(ids: readonly string[], flags: PruneFlags): Promise<void> {
  const output = new Output(flags);
  const removed = await pruneCache({ cacheDir: flags.cacheDir, ids: flags.all ? 'all' : ids, dryRun: flags.dryRun });
  const verb = flags.dryRun ? 'would remove' : 'removed';
  for (const file of removed) output.result(file, `${verb} ${file.path} (${formatBytes(file.sizeBytes)}: ${file.why})`);
  const totalBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  output.note(removed.length === 0 ? 'nothing to remove' : `${formatBytes(totalBytes)} in ${removed.length} files`);
}

async function info(path: string, flags: InfoFlags): Promise<void> {
  const { tensors, ...about } = await describeWeights(path, flags);
  const lines = [
    `${about.file}: ${about.architecture ?? 'not a ResNet'}, ${about.format}, ${about.names} names`,
    `${tensors.length} tensors, ${about.elements.toLocaleString('en')} numbers, ${formatBytes(about.sizeBytes)}`,
    `sha256 ${about.sha256}`,
    ...(about.problem === undefined ? [] : [about.problem]),
    ...Object.entries(about.metadata).map(([key, value]) => `${key}: ${value}`),
    ...(flags.tensors ? tensors.map(({ name, dtype, shape }) => `  ${name}  ${dtype} [${shape.join(', ')}]`) : []),
  ].map(oneLine);
  new Output(flags).result(
    flags.tensors ? { ...about, tensors } : { ...about, tensorCount: tensors.length },
    lines.join('\n'),
  );
}

/** Names and metadata are a stranger's: nothing of them may move the cursor or begin a line of its own. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, character => JSON.stringify(character).slice(1, -1)).slice(0, 1000);
}

async function convert(input: string, out: string, flags: ConvertFlags): Promise<void> {
  await convertWeights(input, out, { names: flags.keepNames ? 'keep' : 'torchvision', prefix: flags.prefix });
  const { sha256, sizeBytes } = await describeWeights(out);
  new Output(flags).result(
    { in: input, out, sha256, sizeBytes },
    `${out} (${formatBytes(sizeBytes)}, sha256 ${sha256})`,
  );
}
