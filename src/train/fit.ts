/** The training loop of PyTorch's transfer-learning tutorial, on features that the frozen backbone computed once. */
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
import { type BatchOutputs, type EpochRecord, Phase } from './phase.ts';

export interface FitData {
  readonly classes: readonly string[];
  readonly train: FeatureSet;
  /** Evaluated in every epoch to choose the best one. Nothing is learnt from it. */
  readonly val: FeatureSet;
}

export interface FitOptions {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly lr?: number;
  /** Number of epochs between two drops of the learning rate. */
  readonly stepSize?: number;
  /** Factor of each drop. */
  readonly gamma?: number;
  readonly weightDecay?: number;
  /**
   * Seed of the initial weights and of the order of every epoch. Both equal PyTorch's bit for bit after
   * `torch.manual_seed(seed)`, for the loop that `TorchRandom` describes, so losses differ only by rounding.
   */
  readonly seed?: number;
  /** Name of the validation phase in lines and errors. */
  readonly valName?: string;
  /** Stops the training. Complete epochs are kept. */
  readonly signal?: AbortSignal;
  /** Called with the initial head before the first epoch. `fit` awaits its result. */
  readonly onStart?: (head: HeadValues) => unknown;
  /** Called with each line that the tutorial prints. */
  readonly onLine?: (line: string) => void;
  /** Called after each epoch with its weights. `fit` awaits its result. */
  readonly onEpoch?: (epoch: EpochRecord, head: HeadValues) => unknown;
}

export type { EpochRecord };

export interface FitResult {
  /** The weights after the epoch with the highest validation accuracy; of equal epochs, the first. */
  readonly best: HeadValues;
  /** Index of that epoch, or -1 if every epoch had accuracy 0; `best` are then the initial weights. */
  readonly bestEpoch: number;
  /** The weights after the last complete epoch. */
  readonly last: HeadValues;
  readonly history: readonly EpochRecord[];
  /** True if the signal stopped the training early. */
  readonly aborted: boolean;
  readonly elapsedMs: number;
}

/** Defaults of `FitOptions`. */
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
 * Trains a new head with Adam on the mean negative log-likelihood. The learning rate drops in steps, and each epoch has
 * a training phase and a validation phase. The same data, options and adapter produce the same bytes.
 *
 * @throws InputError   a set is empty or damaged, or the sets have different numbers of features
 * @throws UsageError   an option is out of range
 * @throws DeviceError  the loss is not finite; the message names the epoch and the batch
 * Source: pytorch.org/tutorials/beginner/transfer_learning_tutorial
 */
export async function fit(device: Device, data: FitData, options: FitOptions = {}): Promise<FitResult> {
  const settings = { ...FIT_DEFAULTS, ...definedOf(options) };
  checkSettings(device, settings);
  const featureCount = checkFeatureSet('train', data.train, data.classes);
  const valWidth = checkFeatureSet(settings.valName, data.val, data.classes);
  if (valWidth !== featureCount)
    throw new InputError(`${settings.valName}: each row has ${valWidth} features but train has ${featureCount}`);
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

  /** Runs one epoch. Returns undefined if the signal aborted it. */
  private async epoch(epoch: number): Promise<EpochRecord | undefined> {
    const { train, val } = this.phases;
    const { random, settings } = this.setup;
    const { epochs, signal } = settings;
    const began = performance.now();
    const { lr } = this.optimizer;
    train.features.shuffle(random.shuffledOrder(train.features.count));
    // PyTorch draws the validation loader's seed between the phases. No other draw comes between, so it can be drawn
    // here.
    random.sequentialStart();
    const isComplete =
      (await train.run(signal, (x, targets) => this.learn(x, targets))) &&
      (await val.run(signal, (x, targets) => this.measure(x, targets)));
    if (!isComplete) return undefined;
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
      throw new UsageError(`fit: ${name} must be an integer of at least 1, got ${value}`);
  // Their constructors check the other options, before anything is uploaded.
  new StepLR(new Adam(device, [], settings), settings);
}

/** Removes options that are undefined, so that they take their default. */
function definedOf(options: FitOptions): FitOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
