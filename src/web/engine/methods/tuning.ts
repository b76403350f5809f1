/** The fastest algorithm of each convolution on this adapter. A change takes effect when the network is reopened. */
import { type TuneResult, tune } from '../../../bench/tune.ts';
import { InputError } from '../../../errors/index.ts';
import type { Engine } from '../engine.ts';
import type { Call } from '../serve_calls.ts';
import { forgetTuning, keepTuning, readTuning, tuningOfFile } from '../tunings.ts';

export interface TuneProgress {
  readonly done: number;
  readonly total: number;
}

export const tuningMethods = {
  /**
   * Runs `raycam tune` on the open network, one image at a time, on a separate device. If aborted, it stores nothing.
   */
  async tune(_: object, { engine, signal, progress }: Call<Engine, TuneProgress>): Promise<TuneResult['refused']> {
    const { backbone, device } = engine.network;
    const { architecture, strideOn } = backbone;
    const { tuning, refused } = await tune({
      ...engine.sameAdapter,
      architecture,
      strideOn,
      signal,
      onProgress: (done, total) => progress({ done, total }),
    });
    signal.throwIfAborted();
    await keepTuning(device.adapter, tuning);
    return refused;
  },

  /** Stores a tuning file. @throws InputError  it is not a tuning file, or is for another adapter */
  async loadTuning({ file }: { file: File }, { engine }: Call<Engine>): Promise<void> {
    const { adapter } = engine.network.device;
    await keepTuning(adapter, await tuningOfFile(file, adapter));
  },

  /** Returns the stored tuning as a file for `raycam tune --from`. @throws InputError  there is none */
  async tuningText(_: object, { engine }: Call<Engine>): Promise<string> {
    const tuning = await readTuning(engine.network.device.adapter);
    if (!tuning) throw new InputError('tuning: this adapter has none. Measure first, or load a file');
    return tuning.encode();
  },

  async forgetTuning(_: object, { engine }: Call<Engine>): Promise<void> {
    await forgetTuning(engine.network.device.adapter);
  },
};
