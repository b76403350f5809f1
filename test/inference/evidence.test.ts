import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors/index.ts';
import { type Evidence, evidenceOf } from '../../src/inference/evidence.ts';
import { differenceOf, evidenceMap } from '../../src/inference/evidence_map.ts';
import { type Explanation, explainImage } from '../../src/inference/explain.ts';
import { buildNetwork, type Network } from '../../src/inference/network.ts';
import { Head, initialHead } from '../../src/nn/head.ts';
import { TorchRandom } from '../../src/nn/torch_random.ts';
import { layOver, paintMap } from '../../src/report/map_raster.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';

const classes = ['A', 'B', 'C'];
const random = new TorchRandom(5);
const values = initialHead({ classes, featureCount: 512, random });
const image = {
  width: 90,
  height: 70,
  pixels: Uint8Array.from({ length: 90 * 70 * 3 }, (_, i) => (i * 31 + i ** 2) % 251),
};

describe('evidenceOf', () => {
  let network: Network;
  let head: Head;
  let evidence: Evidence;
  const explained: Explanation[] = [];
  let leaked = 0;
  beforeAll(async () => {
    network = await buildNetwork(syntheticBackbone('resnet18'), { adapter: 'wasm' });
    head = new Head(network.device, values);
    const before = network.device.memoryUse.liveBytes;
    evidence = await evidenceOf(network, head, image);
    leaked = network.device.memoryUse.liveBytes - before;
    for (const className of classes) explained.push(await explainImage(network, head, image, { className }));
  });
  afterAll(() => network?.dispose());

  it('returns the maps and the verdict of explainImage for every class at once', () => {
    expect(evidence.probabilities).toEqual(explained[0]!.probabilities);
    expect(evidence.class).toBe(explained[0]!.class);
    for (const [k, name] of classes.entries()) {
      expect(evidence.maps[name]!.cam).toEqual(explained[k]!.cam.values);
      expect(evidence.maps[name]!.upsampled).toEqual(explained[k]!.upsampled.values);
      expect(evidence.maps[name]!.bounds).toEqual(explained[k]!.bounds);
    }
    expect(evidence.image.pixels).toEqual(explained[0]!.image.pixels);
  });

  it("returns maps whose mean plus the head's bias is the class's logit", () => {
    for (const [k, name] of classes.entries()) {
      const { cam } = evidence.maps[name]!;
      const mean = cam.reduce((sum, value) => sum + value, 0) / cam.length;
      expect(Math.abs(mean + values.bias[k]! - evidence.logits[name]!)).toBeLessThan(1e-4);
    }
  });

  it('leaves no buffers on the device', () => {
    expect(leaked).toBe(0);
  });

  it("returns maps that the host paints as the device paints explainImage's overlay", () => {
    const { upsampled, bounds } = evidence.maps.B!;
    const rgba = paintMap(upsampled, { bounds, colormap: 'inferno' });
    const painted = layOver(evidence.image, rgba, 0.5).pixels;
    const drawn = explained[1]!.overlay.pixels;
    const off = painted.filter((value, i) => Math.abs(value - drawn[i]!) > 1).length;
    expect(off / painted.length).toBeLessThan(1e-3); // f32 and f64 may round differently between two colours
  });
});

describe('differenceOf', () => {
  const map = (...numbers: number[]) => evidenceMap(Float32Array.from(numbers), Float32Array.from(numbers));

  it('is signed and has its own bounds', () => {
    const { cam, upsampled, bounds } = differenceOf(map(3, 1, 0), map(1, 4, 0));
    expect([...cam]).toEqual([2, -3, 0]);
    expect([...upsampled]).toEqual([2, -3, 0]);
    expect(bounds).toEqual([-3, 2]);
  });

  it('rejects maps of different sizes and values that are not finite', () => {
    expect(() => differenceOf(map(1, 2), map(1))).toThrow(
      new ShapeError('difference: first has 2 values but second has 1'),
    );
    expect(() => map(1, Number.NaN)).toThrow('cam: element 1 must be a finite number, got NaN');
  });
});
