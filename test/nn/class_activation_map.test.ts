import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classActivationMaps, mapBounds } from '../../src/nn/class_activation_map.ts';
import { Device } from '../../src/runtime/device.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

/** One image whose map for class 1 is [[0, 1, 5], [2, 4, -3], [7, -6, 9]], and for class 0 its double. */
function inputs(classes: readonly number[]) {
  const map = [0, 1, 5, 2, 4, -3, 7, -6, 9];
  const layer4 = device.tensor(Float32Array.from(classes.flatMap(() => [...map, ...map.map(() => 0)])), [
    classes.length,
    2,
    3,
    3,
  ]);
  const headWeight = device.tensor(Float32Array.of(2, 5, 1, -8), [2, 2]);
  return { layer4, headWeight, classes };
}

async function values(maps: ReturnType<typeof classActivationMaps>) {
  const read = [await maps.cam.read(), await maps.upsampled.read()] as const;
  maps.cam.dispose();
  maps.upsampled.dispose();
  return read;
}

describe('classActivationMaps', () => {
  it("maps each image's own class", async () => {
    const [cam] = await values(classActivationMaps(device, inputs([1, 0])));
    expect([...cam]).toEqual([0, 1, 5, 2, 4, -3, 7, -6, 9, 0, 2, 10, 4, 8, -6, 14, -12, 18]);
  });

  it('enlarges like scipy.ndimage.zoom(order=1) if corners are aligned', async () => {
    const [, upsampled] = await values(classActivationMaps(device, inputs([1]), { size: 6 }));
    const row = (r: number) => [...upsampled.subarray(6 * r, 6 * r + 6)].map(value => Math.round(value * 1e5) / 1e5);
    expect(row(0)).toEqual([0, 0.4, 0.8, 1.8, 3.4, 5]);
    expect(row(1)).toEqual([0.8, 1.36, 1.92, 2.12, 1.96, 1.8]);
    expect(row(5)).toEqual([7, 1.8, -3.4, -3, 3, 9]);
  });

  it('enlarges like PyTorch if half pixels are aligned', async () => {
    const [, upsampled] = await values(classActivationMaps(device, inputs([1]), { size: 6, align: 'half-pixel' }));
    const row = (r: number) => [...upsampled.subarray(6 * r, 6 * r + 6)].map(value => Math.round(value * 1e5) / 1e5);
    expect(row(0)).toEqual([0, 0.25, 0.75, 2, 4, 5]);
    expect(row(1)).toEqual([0.5, 0.8125, 1.4375, 2.0625, 2.6875, 3]);
  });

  it('leaves only the two returned tensors in memory', async () => {
    const given = inputs([1, 0]);
    const before = device.memoryUse.liveBytes;
    const maps = classActivationMaps(device, given);
    expect(maps.cam.shape).toEqual([2, 3, 3]);
    expect(maps.upsampled.shape).toEqual([2, 224, 224]);
    await values(maps);
    expect(device.memoryUse.liveBytes).toBe(before);
  });
});

describe('mapBounds', () => {
  it('returns the minimum and maximum of each map', async () => {
    const maps = device.tensor(Float32Array.of(3, 1, -4, 1, 5, -9, 2, 6, 5, 3, 5, 8), [2, 2, 3]);
    const bounds = mapBounds(device, maps);
    expect(bounds.shape).toEqual([2, 2]);
    expect([...(await bounds.read())]).toEqual([-9, 5, 2, 8]);
  });
});
