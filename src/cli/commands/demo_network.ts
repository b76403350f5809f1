import type { Network } from '../../inference/network.ts';
import { findAdapter } from '../../runtime/find_adapter.ts';
import { WeightsUnavailable } from '../../weights/pull.ts';
import { DEFAULT_BACKBONE } from '../../weights/zoo.ts';
import type { NetworkFlags } from '../options.ts';
import { Output } from '../output.ts';
import { withNetwork } from '../session.ts';

export interface DemoNetwork {
  readonly network: Network;
  /** Why this backbone. */
  readonly why: string;
}

/** ResNet-152's graph, made from a network that npm brings. */
const FALLBACK = 'resnet152.net2net_r50';
/** What a software Vulkan gets through a few dozen times in minutes. */
const LIGHT = 'resnet50.caffe_in1k';

/**
 * The network that was asked for, or the one that suits: the mission's own, one with its graph where its host cannot be
 * reached, a third of its work on a software Vulkan.
 */
export async function withDemoNetwork(
  flags: NetworkFlags,
  use: (chosen: DemoNetwork, output: Output) => Promise<void>,
): Promise<void> {
  const run = (backbone: string | undefined, why: string) =>
    withNetwork({ ...flags, backbone }, (network, output) => use({ network, why }, output));
  if (flags.backbone !== undefined || flags.weights !== undefined) return run(flags.backbone, 'as asked for');
  if (await isSoftware(flags))
    return run(LIGHT, 'a software Vulkan: ResNet-152 would take 2.8 times as long (--backbone takes another)');
  try {
    await run(DEFAULT_BACKBONE, 'the default');
  } catch (error) {
    if (!(error instanceof WeightsUnavailable)) throw error;
    const why = `${DEFAULT_BACKBONE} could not be fetched; this one comes through npm`;
    new Output(flags).note(`${FALLBACK}: ${why}`);
    await run(FALLBACK, why);
  }
}

async function isSoftware({ adapter }: NetworkFlags): Promise<boolean> {
  return (await findAdapter(adapter)).kind === 'software';
}
