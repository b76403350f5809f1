import type { Command } from 'commander';
import { directoryName, encodePng } from '#platform';
import { ImageLoader } from '../../data/loader.ts';
import { Random } from '../../data/random.ts';
import { InputError } from '../../errors/index.ts';
import { composeGrid, type GridTile } from '../../report/grid_figure.ts';
import { openLabelled, reportNotes, reportSkipped } from '../common/images.ts';
import { addCommonOptions, type CommonFlags, wholeNumber } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { addForceOption, type OutputFlags, Outputs } from '../common/outputs.ts';
import { interruption, runCommand } from '../common/session.ts';

interface GridFlags extends CommonFlags, OutputFlags {
  readonly out: string;
  readonly count: number;
  readonly columns: number;
  readonly seed: number;
}

export function registerGrid(program: Command): void {
  const command = program
    .command('grid')
    .description('draw a random batch of labelled images with their classes')
    .argument('<dir>', 'a folder per class, or train, val and test folders with those')
    .requiredOption('--out <file>', 'write this PNG')
    .option('--count <images>', 'number of images', wholeNumber(1), 32)
    .option('--columns <count>', 'images per row', wholeNumber(1), 8)
    .option('--seed <number>', 'seed of the draw', wholeNumber(0), 0);
  addForceOption(addCommonOptions(command)).action((dir: string, flags: GridFlags) =>
    runCommand(flags, () => grid(dir, flags)),
  );
}

async function grid(dir: string, flags: GridFlags): Promise<void> {
  const output = new Output(flags);
  const { classes, splits } = await openLabelled(dir, output);
  const folder = splits.train ?? splits.all ?? splits.val ?? splits.test!;
  const inputs = folder.images.map(({ path }) => path);
  const outputs = new Outputs({ ...flags, command: 'raycam grid', inputs });
  await outputs.expectNamed(flags.out);
  await outputs.expectUnlabelled(directoryName(flags.out));
  const order = Random.of(flags.seed, 'grid').permutation(folder.images.length).subarray(0, flags.count);
  const loader = new ImageLoader(inputs, { order, signal: interruption.signal });
  const tiles: GridTile[] = [];
  for await (const { index, image } of loader)
    tiles.push({ picture: image, title: classes[folder.images[index]!.classIndex]! });
  reportNotes(loader.notes.list(), output);
  reportSkipped(loader.skipped, output);
  if (tiles.length === 0) throw new InputError(`${dir}: none of the ${order.length} images could be read`);
  await outputs.write(flags.out, await encodePng(composeGrid(tiles, { columns: flags.columns })));
  output.result(
    { out: flags.out, images: tiles.length, classes, skipped: loader.skipped.map(({ path }) => path) },
    `${flags.out}: ${tiles.length} images`,
  );
}
