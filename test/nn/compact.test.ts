import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formulaBackbone, formulaImage } from '../../src/inference/formula_network.ts';
import { relativeError } from '../../src/inference/self_test.ts';
import { ResNet } from '../../src/nn/resnet.ts';
import { Device } from '../../src/runtime/device.ts';
import { disposeForward } from '../network/fixture.ts';

/** Of ResNet-18: 11,689,512 numbers of four bytes. */
const WEIGHTS_BYTES = 4 * 11_689_512;

describe('a network in compact form', () => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter: 'wasm' });
  });
  afterAll(() => device.dispose());

  const run = async (compact: boolean) => {
    const before = device.memoryUse.liveBytes;
    const model = await ResNet.load(device, formulaBackbone('resnet18'), { compact });
    const heldBytes = device.memoryUse.liveBytes - before;
    const x = device.tensor(formulaImage([1, 3, 96, 96]), [1, 3, 96, 96]);
    const forward = model.forward(x);
    const logits = await forward.logits.read();
    disposeForward(forward);
    x.dispose();
    model.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
    return { heldBytes, logits };
  };

  it('holds little more than its weights, and computes the same', async () => {
    const [compact, fast] = [await run(true), await run(false)];
    expect(compact.heldBytes).toBeLessThan(1.02 * WEIGHTS_BYTES);
    expect(fast.heldBytes).toBeGreaterThan(2 * WEIGHTS_BYTES);
    expect(relativeError(compact.logits, fast.logits)).toBeLessThan(1e-5);
  });
});
