/** Trains a head, and gives access to the head of every epoch: to compare, to save and to use. */
import { InputError } from '../../../errors/index.ts';
import type { MappedVerdict } from '../../../inference/evidence.ts';
import { maskedVerdict } from '../../../inspection/ledger.ts';
import type { Engine } from '../engine.ts';
import { parseHead } from '../heads.ts';
import { passOf } from '../kept_pass.ts';
import type { Call } from '../serve_calls.ts';
import {
  headFileOf,
  type Training,
  type TrainingProgress,
  type TrainingRequest,
  type TrainingSummary,
  train,
} from '../training.ts';

const trainings = new WeakMap<Engine, Training>();

/** Returns the last training on the open network. @throws InputError  there is none */
function trainingOf(engine: Engine): Training {
  const training = trainings.get(engine);
  if (training?.network !== engine.network)
    throw new InputError('train: no head was trained on the open network. Train one');
  return training;
}

export const trainMethods = {
  /** Computes every image's features, then trains. @throws InputError  the files are not a labelled folder */
  async train(
    request: TrainingRequest,
    { engine, signal, progress }: Call<Engine, TrainingProgress>,
  ): Promise<TrainingSummary> {
    const training = await train(engine.network, request, { signal, progress });
    trainings.set(engine, training);
    return training.summary;
  },

  /** Returns the verdict of an epoch's head; -1 is the head before the first epoch. `run` identifies the training. */
  async epochVerdict(
    { image, epoch }: { image: string; epoch: number; run: string },
    { engine, transfer }: Call<Engine>,
  ): Promise<MappedVerdict> {
    const { heads } = trainingOf(engine);
    const verdict = await maskedVerdict(await passOf(engine, image), heads[epoch + 1]!);
    transfer(...Object.values(verdict.maps).flatMap(({ cam, upsampled }) => [cam, upsampled]));
    return verdict;
  },

  /** Returns an epoch's head file. */
  async trainedHead(
    { epoch }: { epoch: number },
    { engine }: Call<Engine>,
  ): Promise<{ bytes: Uint8Array; name: string }> {
    return headFileOf(trainingOf(engine), epoch);
  },

  /** Uses an epoch's head for verdicts. */
  async useTrainedHead({ epoch }: { epoch: number }, { engine }: Call<Engine>): Promise<void> {
    const { bytes, name } = headFileOf(trainingOf(engine), epoch);
    engine.useHead(await parseHead(name, bytes));
  },
};
