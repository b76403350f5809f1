import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../src/errors/index.ts';
import { HOSTILE_PICKLES } from '../hostile/pickles.ts';
import { HOSTILE_ZIPS } from '../hostile/zips.ts';
import { checkpoint, fixturePath, open } from './build.ts';

describe('hostile pickles', () => {
  it.each(HOSTILE_PICKLES)('%s', async (_, bytes, error) => {
    const file = checkpoint(bytes());
    await expect(open(file)).rejects.toThrow(error);
    await expect(open(file)).rejects.toThrow(WeightsError);
  });
});

describe('hostile ZIP files', () => {
  it.each(HOSTILE_ZIPS)('%s', async (_, bytes, error) => {
    await expect(open(bytes())).rejects.toThrow(error);
    await expect(open(bytes())).rejects.toThrow(WeightsError);
  });

  it.each(['views.pth', 'sequential.pth', 'training.pth'])('rejects %s cut at every sixteenth', async name => {
    const whole = readFileSync(fixturePath(name));
    for (let sixteenth = 0; sixteenth < 16; sixteenth++) {
      await expect(open(whole.subarray(0, (whole.length * sixteenth) >> 4))).rejects.toThrow(WeightsError);
    }
  });

  it('reads or rejects a file with any byte changed', async () => {
    const whole = readFileSync(fixturePath('views.pth'));
    for (let at = 0; at < whole.length; at += 3) {
      const changed = Uint8Array.from(whole);
      changed[at]! ^= 0x55;
      try {
        const file = await open(changed);
        for (const entry of file.tensors.values()) await entry.read();
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }
  });
});
