import type { Command } from 'commander';
import type { LoadedImage } from '../../data/loader.ts';
import { ComingImages, forEachImage } from '../common/images.ts';
import { addInputs, type InputFlags, namedImages } from '../common/inputs.ts';
import { addCommonOptions, type CommonFlags } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { runCommand } from '../common/session.ts';

/** Width and height of what a network sees by default, in pixels. */
const NETWORK_SIDE = 224;

export function registerInfo(program: Command): void {
  const command = program
    .command('info')
    .description('print what image files contain, and what a network sees of them; no network is needed');
  addInputs(command, 'image files (JPEG, PNG, DICOM, …)');
  addCommonOptions(command).action((inputs: string[], flags: CommonFlags & InputFlags) =>
    runCommand(flags, () => info(inputs, flags)),
  );
}

async function info(inputs: readonly string[], flags: CommonFlags & InputFlags): Promise<void> {
  const output = new Output(flags);
  const paths = await namedImages(inputs, flags, { command: 'info', output });
  await forEachImage(new ComingImages(paths, output), output, async loaded => {
    const { path, image } = loaded;
    const seen = seenOf(loaded);
    output.result({ image: path, ...image.description, seen, notes: image.notes }, textOf(loaded, seen));
  });
}

/** What a network sees. */
interface Seen {
  readonly width: number;
  readonly height: number;
  /** Of the decoded pixels, 0..255. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

function seenOf({ image: { pixels } }: LoadedImage): Seen {
  let [min, max, sum] = [255, 0, 0];
  for (const value of pixels) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  const mean = Math.round((sum / pixels.length) * 10) / 10;
  return { width: NETWORK_SIDE, height: NETWORK_SIDE, min, max, mean };
}

function textOf({ path, image }: LoadedImage, seen: Seen): string[] {
  const { format, width, height, photometric, bits, bitsUsed, details } = image.description!;
  const depth = bitsUsed === bits ? `${bits} bits` : `${bits} bits, of which ${bitsUsed} are used`;
  const rows: [string, string | number][] = [
    ['size', `${width} x ${height}`],
    ['samples', `${photometric}, ${depth}`],
    ...Object.entries(details),
    ['network sees', `${seen.width} x ${seen.height} RGB, grey values ${seen.min} to ${seen.max}, mean ${seen.mean}`],
  ];
  const widest = Math.max(...rows.map(([name]) => name.length));
  return [`${path}: ${format}`, ...rows.map(([name, value]) => `  ${name.padEnd(widest)}  ${value}`)];
}
