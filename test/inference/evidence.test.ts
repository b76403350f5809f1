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

  it('gives the maps and the verdict of explainImage for every class at once', () => {
    expect(evidence.probabilities).toEqual(explained[0]!.probabilities);
    expect(evidence.class).toBe(explained[0]!.class);
    for (const [k, name] of classes.entries()) {
      expect(evidence.maps[name]!.cam).toEqual(explained[k]!.cam.values);
      expect(evidence.maps[name]!.upsampled).toEqual(explained[k]!.upsampled.values);
      expect(evidence.maps[name]!.bounds).toEqual(explained[k]!.bounds);
    }
    expect(evidence.image.pixels).toEqual(explained[0]!.image.pixels);
  });

  it("ties each map to its class's logit by the head's bias", () => {
    for (const [k, name] of classes.entries()) {
      const { cam } = evidence.maps[name]!;
      const mean = cam.reduce((sum, value) => sum + value, 0) / cam.length;
      expect(Math.abs(mean + values.bias[k]! - evidence.logits[name]!)).toBeLessThan(1e-4);
    }
  });

  it('leaves nothing on the device', () => {
    expect(leaked).toBe(0);
  });

  it("is painted as the device paints explainImage's overlay", () => {
    const { upsampled, bounds } = evidence.maps.B!;
    const rgba = paintMap(upsampled, { bounds, colormap: 'inferno' });
    const painted = layOver(evidence.image, rgba, 0.5).pixels;
    const drawn = explained[1]!.overlay.pixels;
    const off = painted.filter((value, i) => Math.abs(value - drawn[i]!) > 1).length;
    expect(off / painted.length).toBeLessThan(1e-3); // on the border of two colours f32 and f64 may part
  });
});

describe('differenceOf', () => {
  const map = (...numbers: number[]) => evidenceMap(Float32Array.from(numbers), Float32Array.from(numbers));

  it('is signed, with bounds of its own', () => {
    const { cam, upsampled, bounds } = differenceOf(map(3, 1, 0), map(1, 4, 0));
    expect([...cam]).toEqual([2, -3, 0]);
    expect([...upsampled]).toEqual([2, -3, 0]);
    expect(bounds).toEqual([-3, 2]);
  });

  it('refuses maps of two sizes, and what is no number', () => {
    expect(() => differenceOf(map(1, 2), map(1))).toThrow(new ShapeError('difference: maps of 2 and of 1 values'));
    expect(() => map(1, Number.NaN)).toThrow('cam: element 1 is NaN, a number was expected');
  });
});
