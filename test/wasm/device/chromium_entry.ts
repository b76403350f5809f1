import { requestWasmAdapter } from '../../../src/wasm/index.ts';
import { ENDLESS } from './endless_shaders.ts';
import { bufferOf, dispatch, floatsOf, openFake, pipelineOf } from './harness.ts';

/** The functions that the test calls in the page. */
declare global {
  var ready: boolean;
  var probe: (threads: number) => Promise<object>;
  var stopEndless: (threads: number) => Promise<string>;
  var stopShader: (name: keyof typeof ENDLESS, threads: number) => Promise<object>;
}

globalThis.probe = async threads => {
  const device = await openFake({ threads });
  const x = bufferOf(device, new Float32Array(70));
  const add = pipelineOf(device, 'add');
  dispatch(device, add, [x], 1000);
  const values = await floatsOf(device, x);
  const started = performance.now();
  dispatch(device, add, [x], 1000);
  await device.queue.onSubmittedWorkDone();
  const perDispatchUs = performance.now() - started;
  device.destroy();
  const { reason } = await device.lost;
  return {
    description: device.adapterInfo.description,
    threads: device.threads,
    values: [...new Set(values)],
    reason,
    perDispatchUs,
  };
};

globalThis.stopEndless = async threads => {
  const device = await openFake({ threads });
  const x = bufferOf(device, new Float32Array(64));
  dispatch(device, pipelineOf(device, 'endless'), [x]);
  const read = floatsOf(device, x).catch(error => error.name as string);
  await new Promise(resolve => setTimeout(resolve, 50));
  device.destroy();
  return String(await read);
};

/**
 * Runs an endless WGSL shader and destroys the device. Returns how the pending readback ended and what a new device
 * computes afterwards.
 */
globalThis.stopShader = async (name, threads) => {
  const open = async () => (await requestWasmAdapter({ threads })).requestDevice();
  const run = (device: GPUDevice, code: string) => {
    const x = bufferOf(device, [1, 1, 1, 1]);
    dispatch(
      device,
      device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } }),
      [x],
    );
    return floatsOf(device, x);
  };
  const device = await open();
  const read = run(device, ENDLESS[name]).catch(error => error.name as string);
  await new Promise(resolve => setTimeout(resolve, 50));
  device.destroy();
  const { reason } = await device.lost;
  const result = { read: await read, reason };
  const fresh = await open();
  const values = await run(fresh, ENDLESS.ends);
  fresh.destroy();
  return { ...result, values };
};

globalThis.ready = true;
