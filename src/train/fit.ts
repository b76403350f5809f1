/** The training loop of PyTorch's transfer-learning tutorial, on features that a frozen network has computed once. */
import { nllLoss } from '../autograd/losses.ts';
import { Adam } from '../autograd/optimizers.ts';
import { StepLR } from '../autograd/schedulers.ts';
import { constant, Tape } from '../autograd/tape.ts';
import { InputError, UsageError } from '../errors/index.ts';
import { Head, type HeadValues, initialHead } from '../nn/head.ts';
import { TorchRandom } from '../nn/torch_random.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { checkFeatureSet, type FeatureSet } from './feature_set.ts';
import { linesAtEnd, linesOfEpoch } from './fit_lines.ts';
import { type BatchOutputs, type EpochRecord, Phase, type PhaseResult } from './phase.ts';

export interface FitData {
  readonly classes: readonly string[];
  readonly train: FeatureSet;
  /** The second phase of every epoch: nothing is learnt from it, but the best epoch is chosen by it. */
  readonly val: FeatureSet;
}

export interface FitOptions {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly lr?: number;
  /** Epochs between two drops of the learning rate. */
  readonly stepSize?: number;
  /** What a drop multiplies it by. */
  readonly gamma?: number;
  readonly weightDecay?: number;
  /**
   * Of the first weights and of the order of every epoch: both are those of PyTorch after `torch.manual_seed(seed)`, bit
   * for bit, for the loop that `TorchRandom` describes. Losses then differ by rounding alone.
   */
  readonly seed?: number;
  /** What lines and errors call the second phase. */
  readonly valName?: string;
  /** Ends the training; epochs that were complete are kept. */
  readonly signal?: AbortSignal;
  /** Called with the initial head, before the first epoch; a promise that it returns is awaited. */
  readonly onStart?: (head: HeadValues) => unknown;
  /** Called with every line that the tutorial prints. */
  readonly onLine?: (line: string) => void;
  /** Called when an epoch ends, with the weights of that moment; a promise that it returns is awaited. */
  readonly onEpoch?: (epoch: EpochRecord, head: HeadValues) => unknown;
}

export type { EpochRecord, PhaseResult };

export interface FitResult {
  /** The weights after the epoch of the highest accuracy in the second phase, the first of equals. */
  readonly best: HeadValues;
  /** -1 where no epoch got anything right. */
  readonly bestEpoch: number;
  /** The weights after the last complete epoch. */
  readonly last: HeadValues;
  readonly history: readonly EpochRecord[];
  /** The signal ended it early. */
  readonly aborted: boolean;
  readonly elapsedMs: number;
}

/** The tutorial's. */
export const FIT_DEFAULTS = {
  epochs: 10,
  batchSize: 256,
  lr: 1e-3,
  stepSize: 4,
  gamma: 0.1,
  weightDecay: 0,
  seed: 0,
  valName: 'val',
} as const;

/**
 * Trains a new head: Adam on the mean negative log-likelihood, the learning rate dropped in steps, a training phase and
 * a validation phase in each epoch. The same data, options and adapter give the same bytes.
 *
 * @throws InputError  a set is empty or damaged, or both differ in width
 * @throws UsageError  an option is out of its range
 * @throws DeviceError  the loss is no finite number any more; names epoch and batch
 * Source: pytorch.org/tutorials/beginner/transfer_learning_tutorial
 */
export async function fit(device: Device, data: FitData, options: FitOptions = {}): Promise<FitResult> {
  const settings = { ...FIT_DEFAULTS, ...definedOf(options) };
  checkSettings(device, settings);
  const featureCount = checkFeatureSet('train', data.train, data.classes);
  const valWidth = checkFeatureSet(settings.valName, data.val, data.classes);
  if (valWidth !== featureCount)
    throw new InputError(
      `${settings.valName}: its features have ${valWidth} numbers each, those of train ${featureCount}`,
    );
  const random = new TorchRandom(settings.seed);
  const start = initialHead({ classes: data.classes, featureCount, random });
  const trainer = device.attempt(() => new Trainer(device, data, { start, random, settings }));
  let result: FitResult;
  try {
    result = await trainer.run();
  } finally {
    trainer.dispose();
  }
  await device.trim();
  return result;
}

type Settings = FitOptions & Required<Pick<FitOptions, keyof typeof FIT_DEFAULTS>>;

class Trainer {
  private readonly head: Head;
  private readonly tape: Tape;
  private readonly optimizer: Adam;
  private readonly scheduler: StepLR;
  private readonly phases: Readonly<Record<'train' | 'val', Phase>>;

  constructor(
    device: Device,
    data: FitData,
    private readonly setup: { readonly start: HeadValues; readonly random: TorchRandom; readonly settings: Settings },
  ) {
    const { start, settings } = setup;
    this.head = new Head(device, start);
    this.tape = new Tape(device);
    this.optimizer = new Adam(device, this.head.parameters, settings);
    this.scheduler = new StepLR(this.optimizer, settings);
    this.phases = {
      train: new Phase(device, data.train, { name: 'train', batchSize: settings.batchSize }),
      val: new Phase(device, data.val, { name: settings.valName, batchSize: settings.batchSize }),
    };
  }

  async run(): Promise<FitResult> {
    const { start, settings } = this.setup;
    const { epochs, signal, onStart, onLine, onEpoch } = settings;
    const began = performance.now();
    const history: EpochRecord[] = [];
    let [best, last, bestEpoch, bestAccuracy] = [start, start, -1, 0];
    await onStart?.(start);
    for (let epoch = 0; epoch < epochs && !signal?.aborted; epoch++) {
      const record = await this.epoch(epoch);
      if (!record) break;
      last = await this.head.values();
      if (record.val.accuracy > bestAccuracy) [best, bestEpoch, bestAccuracy] = [last, epoch, record.val.accuracy];
      history.push(record);
      for (const line of linesOfEpoch(record, settings)) onLine?.(line);
      await onEpoch?.(record, last);
    }
    const elapsedMs = performance.now() - began;
    const aborted = history.length < epochs;
    for (const line of linesAtEnd({ bestAccuracy, elapsedMs, aborted, ...settings })) onLine?.(line);
    return { best, bestEpoch, last, history, aborted, elapsedMs };
  }

  dispose(): void {
    for (const owned of [this.head, this.tape, this.optimizer, this.phases.train, this.phases.val]) owned.dispose();
  }

  /** Undefined where the signal came before its end. */
  private async epoch(epoch: number): Promise<EpochRecord | undefined> {
    const { train, val } = this.phases;
    const { random, settings } = this.setup;
    const { epochs, signal } = settings;
    const began = performance.now();
    const { lr } = this.optimizer;
    train.features.shuffle(random.shuffledOrder(train.features.count));
    // PyTorch draws this between the phases, where nothing else draws.
    random.sequentialStart();
    const wentOn =
      (await train.run(signal, (x, targets) => this.learn(x, targets))) &&
      (await val.run(signal, (x, targets) => this.measure(x, targets)));
    if (!wentOn) return undefined;
    const where = { epoch, epochs, lr };
    const record = { epoch, lr, train: await train.result(where), val: await val.result(where) };
    this.scheduler.step();
    return { ...record, elapsedMs: performance.now() - began };
  }

  private learn(x: Tensor, targets: Tensor): BatchOutputs {
    const y = this.head.record(this.tape, constant(x));
    const loss = nllLoss(this.tape, y, constant(targets));
    this.optimizer.step(this.tape.backward(loss));
    return { logProbabilities: y.tensor, loss: loss.tensor };
  }

  private measure(x: Tensor, targets: Tensor): BatchOutputs {
    const y = constant(this.head.forward(x));
    return { logProbabilities: y.tensor, loss: nllLoss(this.tape, y, constant(targets)).tensor };
  }
}

function checkSettings(device: Device, settings: Settings): void {
  const { epochs, batchSize } = settings;
  for (const [name, value] of Object.entries({ epochs, batchSize }))
    if (!Number.isInteger(value) || value < 1)
      throw new UsageError(`fit: ${name} must be a whole number, at least 1, got ${value}`);
  // These check theirs, here before anything is on the device.
  new StepLR(new Adam(device, [], settings), settings);
}

/** Options that were given as undefined take their default. */
function definedOf(options: FitOptions): FitOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
