import { expect, it } from 'vitest';
import { ResNet } from '../../src/nn/resnet.ts';
import { Device } from '../../src/runtime/device.ts';
import { narrowBackbone } from './narrow_network.ts';

it.each(['conv1.weight', 'layer2.0.downsample.1.running_var', 'layer4.1.bn2.weight', 'fc.bias'])(
  'leaves nothing on the device if the network lacks %s',
  async missing => {
    const device = await Device.open({ adapter: 'wasm', threads: 0 });
    const { liveBytes } = device.memoryUse;
    const backbone = narrowBackbone();
    const stateDict = new Map([...backbone.stateDict].filter(([name]) => name !== missing));
    await expect(ResNet.load(device, { ...backbone, stateDict })).rejects.toThrow(`weights: ${missing} is missing`);
    expect(device.memoryUse.liveBytes).toBe(liveBytes);
    device.dispose();
  },
);

it('leaves nothing on the device if reading a tensor fails', async () => {
  const device = await Device.open({ adapter: 'wasm', threads: 0 });
  const { liveBytes } = device.memoryUse;
  const backbone = narrowBackbone();
  const name = 'layer3.0.conv2.weight';
  const broken = { ...backbone.stateDict.get(name)!, read: () => Promise.reject(new Error('the disk is gone')) };
  const stateDict = new Map([...backbone.stateDict, [name, broken]]);
  await expect(ResNet.load(device, { ...backbone, stateDict })).rejects.toThrow('the disk is gone');
  expect(device.memoryUse.liveBytes).toBe(liveBytes);
  device.dispose();
});
