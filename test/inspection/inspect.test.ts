import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activationsOf } from '../../src/inference/activations.ts';
import { evidenceOf } from '../../src/inference/evidence.ts';
import { buildNetwork, type Network } from '../../src/inference/network.ts';
import { channelStatistics, histogramOf, summaryOf } from '../../src/inspection/channel_statistics.ts';
import { elementFormula } from '../../src/inspection/element_formula.ts';
import { ledgerOf, maskedVerdict } from '../../src/inspection/ledger.ts';
import { operationsOf } from '../../src/inspection/operations.ts';
import { RecordedPass } from '../../src/inspection/recorded_pass.ts';
import { Head, initialHead } from '../../src/nn/head.ts';
import { modulePaths } from '../../src/nn/resnet.ts';
import { TorchRandom } from '../../src/nn/torch_random.ts';
import type { DecodedImage } from '../../src/platform/types.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { XRAYS, xray } from '../web/open_site.ts';

describe('operationsOf', () => {
  it('counts the layers, parameters and FLOP of ResNet-152 as torchvision does', () => {
    const operations = operationsOf({ architecture: 'resnet152', strideOn: '3x3' });
    const layers = operations.flatMap(({ layer }) => layer ?? []);
    expect(layers).toEqual(Array.from({ length: 152 }, (_, i) => i + 1));
    // torchvision: sum(p.numel() for p in resnet152().parameters())
    expect(operations.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(60_192_808);
    const multiplyAdds = operations.filter(({ kind }) => kind === 'convolution' || kind === 'linear');
    expect(multiplyAdds.reduce((sum, { flop }) => sum + flop, 0) / 2e9).toBeCloseTo(11.514, 3);
  });

  it.each(['resnet18', 'resnet50'] as const)(
    "are all of %s's modules, and read only earlier operations",
    architecture => {
      const operations = operationsOf({ architecture, strideOn: '3x3' });
      const isContainer = (path: string) => /^layer\d(\.\d+(\.downsample)?)?$/.test(path);
      const modules = modulePaths(architecture).filter(path => !isContainer(path));
      const paths = operations.map(({ path }) => path);
      expect(paths.filter(path => !/:\d$/.test(path)).toSorted()).toEqual(modules.toSorted());
      for (const [i, { path, input, shortcut = input }] of operations.entries()) {
        const earlier = ['x', ...paths.slice(0, i)];
        expect([path, earlier.includes(input), earlier.includes(shortcut)]).toEqual([path, true, true]);
        expect([path, modules.includes(path.replace(/:\d$/, ''))]).toEqual([path, true]);
      }
    },
  );
});

describe.each([
  { architecture: 'resnet18', strideOn: '3x3' },
  { architecture: 'resnet50', strideOn: '1x1' },
] as const)('a recorded pass of $architecture', ({ architecture, strideOn }) => {
  let network: Network;
  let image: DecodedImage;
  let pass: RecordedPass;

  beforeAll(async () => {
    network = await buildNetwork(syntheticBackbone(architecture, { strideOn }), { adapter: 'wasm' });
    image = await xray(XRAYS[1]!);
    pass = RecordedPass.record(network, image);
    await pass.features.read();
  });
  afterAll(() => network?.dispose());

  it('returns the outputs of a tapped forward pass, for operations of every kind', async () => {
    const ofBottlenecks = ['layer1.0.conv3', 'layer2.0.downsample.0', 'layer4.1.bn3'];
    const ofBasic = ['conv1', 'bn1', 'relu', 'maxpool', 'layer1.0.conv1', 'layer2.0.bn2', 'layer3.1', 'avgpool', 'fc'];
    for (const path of [...(architecture === 'resnet18' ? ofBasic : ofBottlenecks), 'layer3.1.relu', 'layer4']) {
      const [got, expected] = [await pass.output(path), await activationsOf(network, image, path)];
      expect([path, got.shape]).toEqual([path, expected.shape]);
      expect([path, furthest(got.values, expected.values)]).toEqual([path, 0]);
    }
    const [norm, relu] = [await pass.output('layer2.1.bn1'), await pass.output('layer2.1.relu:1')];
    expect(relu.values).toEqual(norm.values.map(value => Math.max(0, value)));
  });

  it('computes elements of every kind again from their inputs', async () => {
    const last = architecture === 'resnet18' ? 2 : 3;
    const paths = ['conv1', 'bn1', 'relu', 'maxpool', 'layer1.0.conv2', 'layer2.0.downsample.1', 'layer3.1.relu:1'];
    for (const path of [...paths, `layer2.0.bn${last}`, 'layer2.0.relu', 'layer4.1.relu', 'avgpool', 'fc']) {
      const { shape, values } = await pass.output(path);
      const scale = Math.max(...[summaryOf(values).max, -summaryOf(values).min]);
      for (const [channel, row, column] of placesOf(shape)) {
        const formula = await elementFormula(pass, { path, channel, row, column });
        expect(formula.stored).toBe(values[(channel * shape[1]! + row) * shape[2]! + column]);
        expect([path, Math.abs(formula.value - formula.stored) / scale < 2e-5]).toEqual([path, true]);
      }
    }
    await expect(elementFormula(pass, { path: 'conv1', channel: 64, row: 0, column: 0 })).rejects.toThrow(
      'formula: [64, 0, 0] is not an element of conv1 [64, 112, 112]',
    );
    await expect(pass.output('layer9')).rejects.toThrow(
      'layer: unknown operation "layer9". Name a module such as layer4 or fc',
    );
  });

  it('sums contributions to the logit, with all channels and without some', async () => {
    const classes = ['NORMAL', 'PNEUMONIA'];
    const featureCount = pass.features.shape[1]!;
    const values = initialHead({ classes, featureCount, random: new TorchRandom(3) });
    using head = new Head(network.device, values);
    const evidence = await evidenceOf(network, head, image);
    const ledger = await ledgerOf(pass, values);
    for (const name of classes) expect(ledger.sums[name]).toBeCloseTo(evidence.logits[name]!, 4);
    const whole = await maskedVerdict(pass, values);
    expect(whole.logits).toEqual(evidence.logits);
    expect(furthest(whole.maps.PNEUMONIA!.upsampled, evidence.maps.PNEUMONIA!.upsampled)).toBe(0);
    const off = [0, 7, featureCount - 1];
    const masked = await maskedVerdict(pass, values, { off });
    for (const name of classes) {
      const taken = off.reduce((sum, channel) => sum + ledger.contributions[name]![channel]!, 0);
      expect(masked.logits[name]).toBeCloseTo(ledger.sums[name]! - taken, 4);
      const mean = masked.maps[name]!.cam.reduce((sum, value) => sum + value, 0) / masked.maps[name]!.cam.length;
      expect(masked.logits[name]).toBeCloseTo(mean + ledger.bias[name]!, 4);
    }
  });

  it('frees its memory', async () => {
    const before = network.device.memoryUse.liveBytes;
    const other = RecordedPass.record(network, image);
    await other.output('layer2.0.conv1');
    await other.output('layer2.0.relu:1');
    expect(network.device.memoryUse.liveBytes).toBeGreaterThan(before);
    other.dispose();
    expect(network.device.memoryUse.liveBytes).toBe(before);
  });
});

describe('statistics', () => {
  it('cover each channel, and all values', async () => {
    const values = Float32Array.of(0, 1, 2, 5, -1, -1, -1, -1);
    const { mean, min, max, zeros } = channelStatistics({ shape: [2, 2, 2], values });
    expect([...mean, ...min, ...max, ...zeros]).toEqual([2, -1, 0, -1, 5, -1, 0.25, 0]);
    expect(summaryOf(values)).toEqual({ mean: 0.5, std: 2, min: -1, max: 5, zeros: 0.125 });
    expect(histogramOf(values, 3)).toEqual({ min: -1, max: 5, counts: [5, 2, 1] });
    expect(histogramOf(Float32Array.of(3, 3), 2)).toEqual({ min: 3, max: 3, counts: [2, 0] });
    expect(() => channelStatistics({ shape: [3, 1, 1], values })).toThrow(
      'statistics: 8 values cannot be split into 3 channels',
    );
  });
});

function furthest(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** Two corners, whose windows reach into the padding, and the middle. */
function placesOf([channels, height, width]: readonly number[]): [number, number, number][] {
  return [
    [0, 0, 0],
    [channels! - 1, height! - 1, width! - 1],
    [channels! >> 1, height! >> 1, width! >> 1],
  ];
}
