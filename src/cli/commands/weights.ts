import type { Command } from 'commander';
import { megabytes } from '../../runtime/memory.ts';
import { convertWeights, describeWeights, listZoo } from '../../weights/manage.ts';
import { pullWeights } from '../../weights/pull.ts';
import { addSpeechOptions, type SpeechOptions } from '../options.ts';
import { Output } from '../output.ts';
import { interruption, PullProgress, runCommand } from '../session.ts';

export function registerWeights(program: Command): void {
  const weights = program.command('weights').description('pretrained networks: list, fetch, look into, convert');
  addSpeechOptions(weights.command('list'))
    .description('the networks that Raycam knows, where they come from, and which are at hand')
    .action((flags: SpeechOptions) => runCommand(flags, () => list(flags)));
  addSpeechOptions(weights.command('pull').argument('<id>', 'of `raycam weights list`'))
    .description('fetch a network into the cache; an interrupted download goes on where it stopped')
    .action((id: string, flags: SpeechOptions) => runCommand(flags, () => pull(id, flags)));
  addSpeechOptions(weights.command('info').argument('<file>', '.pth, .safetensors, or a TF.js model.json'))
    .description('what a weights file holds; nothing of it is run')
    .option('--tensors', 'every tensor, with type and shape')
    .action((file: string, flags: SpeechOptions & { tensors?: boolean }) => runCommand(flags, () => info(file, flags)));
  addSpeechOptions(
    weights.command('convert').argument('<in>', 'a weights file').argument('<out>', 'the .safetensors file to write'),
  )
    .description('any weights file as float32 safetensors under torchvision’s names')
    .option('--keep-names', 'leave names and layouts as they are')
    .action((input: string, output: string, flags: SpeechOptions & { keepNames?: boolean }) =>
      runCommand(flags, () => convert(input, output, flags)),
    );
}

async function list(flags: SpeechOptions): Promise<void> {
  const output = new Output(flags);
  const entries = await listZoo(flags);
  const width = Math.max(...entries.map(({ id }) => id.length));
  for (const entry of entries) {
    const state = entry.cachedPath ? 'cached' : `from ${entry.from}`;
    output.result(entry, `${entry.id.padEnd(width)}  ${entry.note}; ${entry.licence}; ${state}`);
  }
}

async function pull(id: string, flags: SpeechOptions): Promise<void> {
  const output = new Output(flags);
  const progress = new PullProgress(output);
  const { path, sha256, sizeBytes } = await pullWeights(id, {
    cacheDir: flags.cacheDir,
    signal: interruption.signal,
    onProgress: progress.update,
  }).finally(() => progress.stop());
  output.result({ id, path, sha256, sizeBytes }, `${path} (${megabytes(sizeBytes)}, sha256 ${sha256})`);
}

async function info(path: string, flags: SpeechOptions & { tensors?: boolean }): Promise<void> {
  const { tensors, ...about } = await describeWeights(path);
  const lines = [
    `${about.file}: ${about.architecture ?? 'not a ResNet'}, ${about.format}, ${about.names} names`,
    `${tensors.length} tensors, ${about.elements.toLocaleString('en')} numbers, ${megabytes(about.sizeBytes)}`,
    `sha256 ${about.sha256}`,
    ...Object.entries(about.metadata).map(([key, value]) => `${key}: ${value}`),
    ...(flags.tensors ? tensors.map(({ name, dtype, shape }) => `  ${name}  ${dtype} [${shape.join(', ')}]`) : []),
  ];
  new Output(flags).result(
    flags.tensors ? { ...about, tensors } : { ...about, tensorCount: tensors.length },
    lines.join('\n'),
  );
}

async function convert(input: string, out: string, flags: SpeechOptions & { keepNames?: boolean }): Promise<void> {
  await convertWeights(input, out, { names: flags.keepNames ? 'keep' : 'torchvision' });
  const { sha256, sizeBytes } = await describeWeights(out);
  new Output(flags).result({ in: input, out, sha256, sizeBytes }, `${out} (${megabytes(sizeBytes)}, sha256 ${sha256})`);
}
