import { bufferOf, dispatch, floatsOf, openFake, pipelineOf } from './harness.ts';

/** What the test calls from outside. */
declare global {
  var ready: boolean;
  var probe: (threads: number) => Promise<object>;
  var stopEndless: (threads: number) => Promise<string>;
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

globalThis.ready = true;
