import type { HeadValues } from '../nn/head.ts';
import { type EvaluateOptions, evaluate } from '../train/evaluate.ts';
import type { Metrics } from '../train/metrics.ts';
import type { Network } from './network.ts';
import { recovering } from './recovery.ts';

/** `evaluate` on a network's device. @throws InputError | DeviceError the device is lost a second time */
export function evaluateHead(network: Network, head: HeadValues, options: EvaluateOptions): Promise<Metrics> {
  return recovering(network, () => evaluate(network.device, head, options));
}
