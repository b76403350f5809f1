import { type Command, Option } from 'commander';
import { formatBytes } from '../../weights/byte_source.ts';
import { convertWeights, describeWeights, listZoo } from '../../weights/manage.ts';
import { pruneCache } from '../../weights/prune.ts';
import { pullWeights } from '../../weights/pull.ts';
import { addCommonOptions, type CommonFlags, emaOption, prefixOption } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { addForceOption, type OutputFlags, Outputs } from '../common/outputs.ts';
import { interruption, PullProgress, runCommand } from '../common/session.ts';

/** A line of `info` is cut here: metadata can be as long as the file. */
const MOST_CHARACTERS = 1000;

type PullFlags = CommonFlags & { readonly offline?: boolean };
type PruneFlags = CommonFlags & { readonly all?: boolean; readonly dryRun?: boolean };
type InfoFlags = CommonFlags & { readonly tensors?: boolean; readonly prefix?: string; readonly ema?: boolean };
type ConvertFlags = CommonFlags &
  OutputFlags & { readonly keepNames?: boolean; readonly prefix?: string; readonly ema?: boolean };

export function registerWeights(program: Command): void {
  const weights = program
    .command('weights')
    .description('list, download, inspect, convert and delete pretrained networks');
  registerStored(weights);
  registerFiles(weights);
}

/** Adds the commands for networks that Raycam knows. */
function registerStored(weights: Command): void {
  const listCommand = weights
    .command('list')
    .description('list the networks that Raycam knows, where each one comes from, and whether it is in the cache');
  addCommonOptions(listCommand).action((flags: CommonFlags) => runCommand(flags, () => list(flags)));

  const pullCommand = weights
    .command('pull')
    .description('download a network into the cache; an interrupted download resumes')
    .argument('<id>', 'an id from `raycam weights list`');
  addCommonOptions(pullCommand)
    .option('--offline', 'download nothing; use only what is in the cache')
    .action((id: string, flags: PullFlags) => runCommand(flags, () => pull(id, flags)));

  const pruneCommand = weights
    .command('prune')
    .description('remove unfinished downloads, and the networks whose ids you give, from the cache')
    .argument('[id...]', 'the networks to remove: ids from `raycam weights list`')
    .option('--all', 'remove every network')
    .option('--dry-run', 'only show what would be removed');
  addCommonOptions(pruneCommand).action((ids: string[], flags: PruneFlags) =>
    runCommand(flags, () => prune(ids, flags)),
  );
}

/** Adds the commands for weights files. */
function registerFiles(weights: Command): void {
  const infoCommand = weights
    .command('info')
    .description('show what a weights file contains, without running any code in it')
    .argument('<file>', '.pth, .safetensors, or a TF.js model.json')
    .option('--tensors', 'list every tensor with its type and shape')
    .addOption(emaOption())
    .addOption(prefixOption());
  addCommonOptions(infoCommand).action((file: string, flags: InfoFlags) => runCommand(flags, () => info(file, flags)));

  const convertCommand = weights
    .command('convert')
    .description('convert a weights file to a safetensors file with 32-bit floats and torchvision’s tensor names')
    .argument('<in>', 'the weights file to convert: .pth, .safetensors, or a TF.js model.json')
    .argument('<out>', 'the .safetensors file to write')
    .addOption(
      new Option('--keep-names', 'keep the name of every tensor, and the order of its dimensions').conflicts('prefix'),
    )
    .addOption(prefixOption())
    .addOption(emaOption());
  addForceOption(addCommonOptions(convertCommand)).action((input: string, output: string, flags: ConvertFlags) =>
    runCommand(flags, () => convert(input, output, flags)),
  );
}

async function list(flags: CommonFlags): Promise<void> {
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
    ...(about.notes ?? []).map(note => `${about.file} ${note}`),
    ...(about.inertGlobals?.length ? [`Python objects that are not run: ${about.inertGlobals.join(', ')}`] : []),
    ...(about.classes ? [`classes: ${about.classes.join(', ')}`] : []),
    ...Object.entries(about.metadata).map(([key, value]) => `${key}: ${value}`),
    ...(flags.tensors
      ? tensors.map(
          ({ name, dtype, shape, unreadable }) => `  ${name}  ${unreadable ?? `${dtype} [${shape.join(', ')}]`}`,
        )
      : []),
  ].map(line => line.slice(0, MOST_CHARACTERS));
  new Output(flags).result(flags.tensors ? { ...about, tensors } : { ...about, tensorCount: tensors.length }, lines);
}

async function convert(input: string, out: string, flags: ConvertFlags): Promise<void> {
  await new Outputs({ ...flags, command: 'raycam weights convert', inputs: [input] }).expectNamed(out);
  await convertWeights(input, out, {
    replaceInput: flags.force,
    names: flags.keepNames ? 'keep' : 'torchvision',
    prefix: flags.prefix,
    ema: flags.ema,
  });
  const { sha256, sizeBytes } = await describeWeights(out);
  new Output(flags).result(
    { in: input, out, sha256, sizeBytes },
    `${out} (${formatBytes(sizeBytes)}, sha256 ${sha256})`,
  );
}
