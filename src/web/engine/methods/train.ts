/** Training, and what it leaves: every epoch's head to look through, to save and to use. */
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

/** @throws InputError  nothing was trained on the network that is open */
function trainingOf(engine: Engine): Training {
  const training = trainings.get(engine);
  if (training?.network !== engine.network)
    throw new InputError('train: no head was trained on the network that is open. Train one');
  return training;
}

export const trainMethods = {
  /** Features of every image, then the epochs. @throws InputError  the files are no labelled folder */
  async train(
    request: TrainingRequest,
    { engine, signal, progress }: Call<Engine, TrainingProgress>,
  ): Promise<TrainingSummary> {
    const training = await train(engine.network, request, { signal, progress });
    trainings.set(engine, training);
    return training.summary;
  },

  /** What the head of an epoch says of an X-ray; -1 is the head before the first. `run` tells one training from another. */
  async epochVerdict(
    { image, epoch }: { image: string; epoch: number; run: string },
    { engine, transfer }: Call<Engine>,
  ): Promise<MappedVerdict> {
    const { heads } = trainingOf(engine);
    const verdict = await maskedVerdict(await passOf(engine, image), heads[epoch + 1]!);
    transfer(...Object.values(verdict.maps).flatMap(({ cam, upsampled }) => [cam, upsampled]));
    return verdict;
  },

  /** The head file of an epoch. */
  async trainedHead(
    { epoch }: { epoch: number },
    { engine }: Call<Engine>,
  ): Promise<{ bytes: Uint8Array; name: string }> {
    return headFileOf(trainingOf(engine), epoch);
  },

  /** Puts an epoch's head in the place of the one that gives the verdicts. */
  async useTrainedHead({ epoch }: { epoch: number }, { engine }: Call<Engine>): Promise<void> {
    const { bytes, name } = headFileOf(trainingOf(engine), epoch);
    engine.useHead(await parseHead(name, bytes));
  },
};
