import { baseName, decodeImage, packageFile, readFile } from '#platform';
import { type ImageFolder, openDataset } from '../../data/image_folder.ts';
import { explainImage } from '../../inference/explain.ts';
import type { Network } from '../../inference/network.ts';
import { Head, type HeadValues } from '../../nn/head.ts';
import { DEFAULT_COLORMAP } from '../../report/colormap.ts';
import type { ReportCase } from '../../report/html_report.ts';
import { camFiles, writeCam } from '../common/cam_files.ts';
import type { Output } from '../common/output.ts';
import type { DerivedFile, Outputs } from '../common/outputs.ts';
import { interruption } from '../common/session.ts';

export const COMMAND = 'raycam demo';

/** Heat maps per class. */
const CASES_PER_CLASS = 3;
/** Images per class on adapters where a forward pass takes seconds. */
const FEW = { train: 16, test: 8 };

export interface Sample {
  readonly train: ImageFolder;
  readonly test: ImageFolder;
  /** Which X-rays are used, and why. */
  readonly why: string;
}

/** Returns all bundled X-rays, or as many as a software Vulkan driver can process in a few minutes. */
export async function sampleFor({ device }: Network, { full }: { readonly full?: boolean }): Promise<Sample> {
  const { splits } = await openSample();
  const [train, test] = [splits.train!, splits.test!];
  if (full || device.adapter.kind !== 'software') return { train, test, why: 'all that are bundled' };
  const why =
    'the first of each class, because a forward pass takes seconds on a software Vulkan driver (--full takes all 100)';
  return { train: firstOfEachClass(train, FEW.train), test: firstOfEachClass(test, FEW.test), why };
}

function firstOfEachClass(folder: ImageFolder, count: number): ImageFolder {
  const taken = folder.classes.map(() => 0);
  return { ...folder, images: folder.images.filter(({ classIndex }) => taken[classIndex]!++ < count) };
}

function openSample() {
  return openDataset(packageFile('sample/chest_xray'));
}

/** Returns the pictures that `drawCases` will write. They are the same for every sample. */
export async function caseFiles(folder: string): Promise<DerivedFile[]> {
  const { splits } = await openSample();
  const chosen = firstOfEachClass(splits.test!, CASES_PER_CLASS).images;
  return chosen.map(({ path }) => camFiles({ folder, stem: stemOf(path), command: COMMAND })[0]);
}

function stemOf(path: string): string {
  return baseName(path).replace(/\.[^.]+$/, '');
}

export interface DrawnCase extends ReportCase {
  /** Name in the report's folder. */
  readonly file: string;
}

/** Draws heat maps of the first test images of each class with the head that was just trained. */
export async function drawCases(
  network: Network,
  output: Output,
  {
    folder,
    head: values,
    out,
    outputs,
  }: { readonly folder: ImageFolder; readonly head: HeadValues; readonly out: string; readonly outputs: Outputs },
): Promise<DrawnCase[]> {
  const chosen = firstOfEachClass(folder, CASES_PER_CLASS).images;
  const head = new Head(network.device, values);
  const progress = output.progress('heat maps', chosen.length);
  const cases: DrawnCase[] = [];
  try {
    for (const { path, classIndex } of chosen) {
      interruption.signal.throwIfAborted();
      const explanation = await explainImage(network, head, await decodeImage(await readFile(path), path));
      const name = baseName(path);
      const to = { folder: out, stem: stemOf(path), name, command: COMMAND, colormap: DEFAULT_COLORMAP };
      const [file] = await writeCam(explanation, to, outputs);
      const { class: verdict, probabilities } = explanation;
      const picture = {
        source: baseName(file!),
        caption: `The X-ray, the evidence for ${verdict} over it, and the map alone`,
      };
      cases.push({
        name,
        verdict,
        probability: probabilities[verdict]!,
        truth: folder.classes[classIndex]!,
        pictures: [picture],
        file: picture.source,
      });
      progress.update(cases.length);
    }
    return cases;
  } finally {
    progress.stop();
    head.dispose();
  }
}
