import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeviceError } from '../../src/errors/index.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { PATIENCE_MS } from '../harness/patience.ts';
import { addAmount } from './kernels.ts';

/** What the tests change of the GPUDevice that the adapter gives. */
type Changes = Partial<Record<keyof GPUDevice, unknown>>;

const changes = vi.hoisted(() => ({
  of: undefined as ((gpu: GPUDevice) => object) | undefined,
  before: undefined as ((adapter: GPUAdapter) => Promise<unknown>) | undefined,
}));

vi.mock('#platform', async original => {
  const platform = await original<typeof import('#platform')>();
  return {
    ...platform,
    requestGpuAdapter: async (...request: Parameters<typeof platform.requestGpuAdapter>) => {
      const found = await platform.requestGpuAdapter(...request);
      await changes.before?.(found.adapter);
      const { of } = changes;
      if (!of) return found;
      const requestDevice = async (descriptor: GPUDeviceDescriptor) => {
        const gpu = await found.adapter.requestDevice(descriptor);
        return overlay(gpu, of(gpu));
      };
      return { ...found, adapter: overlay(found.adapter, { requestDevice }) };
    },
  };
});

/** The object with some members replaced; the others keep the real one as their `this`. */
function overlay<Real extends object>(real: Real, members: object): Real {
  return new Proxy(real, {
    get(_, name) {
      if (name in members) return members[name as keyof typeof members];
      const value = Reflect.get(real, name, real);
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
}

let device: Device | undefined;
beforeEach(() => {
  changes.of = undefined;
  changes.before = undefined;
});
afterEach(() => device?.dispose());

async function open(change?: (gpu: GPUDevice) => Changes): Promise<Device> {
  changes.of = change;
  device = await Device.open({ adapter: 'swiftshader' });
  return device;
}

const plus = (x: Tensor, amount: number, label = 'conv1') => x.device.run(addAmount, { x }, { amount }, { label }).y;
const vector = (on: Device, length: number, value: number) =>
  on.tensor(new Float32Array(length).fill(value), [length], 'x');
/** A promise that must not wait for what never comes. */
const soon = <T>(promise: Promise<T>) =>
  Promise.race([promise, new Promise<never>((_, fail) => setTimeout(() => fail(new Error('it hangs')), PATIENCE_MS))]);

const LOST =
  'device: lost (destroyed: device was destroyed). No result was kept. Run the command again, or choose another adapter with --adapter';

describe('an adapter', () => {
  it('that has given its device already gives a sentence', async () => {
    changes.before = adapter => adapter.requestDevice();
    await expect(Device.open({ adapter: 'swiftshader' })).rejects.toThrow(
      new DeviceError(
        'device: SwiftShader driver 5.0.0 gives no device (adapter is "consumed": it has already been used to create a device). Run `raycam doctor` to see which adapters work',
      ),
    );
  });
});

describe('a device that is destroyed', () => {
  it('before anything runs', async () => {
    const gpu = await open();
    const x = vector(gpu, 4, 1);
    const y = plus(x, 1);
    gpu.dispose();
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(LOST));
    await expect(soon(x.read())).rejects.toThrow(new DeviceError(LOST));
    expect(await gpu.lost).toMatchObject({ reason: 'destroyed' });
  });

  it('between submit and readback', async () => {
    const gpu = await open();
    const y = plus(vector(gpu, 4, 1), 1);
    await gpu.submit();
    gpu.dispose();
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(LOST));
  });

  it.each([0, 1, 2, 3, 5, 8, 13, 21])('%i turns of the event loop into a readback', async turns => {
    const gpu = await open();
    const y = plus(vector(gpu, 1 << 20, 1), 1);
    let turn = 0;
    const read = y.read().then(
      values => ({ values, turn }),
      error => ({ error, turn }),
    );
    for (; turn < turns; turn++) await new Promise(setImmediate);
    gpu.dispose();
    const result = await soon(read);
    // Where the values had arrived before, they are whole; afterwards there is an error, and no data.
    if ('values' in result)
      expect([result.turn <= turns, result.values.every(value => value === 2)]).toEqual([true, true]);
    else expect(result.error).toEqual(new DeviceError(LOST));
  });

  it('says so of everything that is asked of it afterwards', async () => {
    const gpu = await open();
    const x = vector(gpu, 4, 1);
    await gpu.submit();
    gpu.dispose();
    await gpu.lost;
    await expect(soon(Promise.resolve().then(() => plus(x, 1).read()))).rejects.toThrow(new DeviceError(LOST));
    await expect(soon(Promise.resolve().then(() => vector(gpu, 8, 1).read()))).rejects.toThrow(new DeviceError(LOST));
    await expect(soon(gpu.trim())).rejects.toThrow(new DeviceError(LOST));
    gpu.dispose();
  });
});

describe('a device that is lost by itself', () => {
  const MESSAGE =
    'device: lost (unknown: the driver was reset). No result was kept. Run the command again, or choose another adapter with --adapter';

  function losable() {
    let lose = () => {};
    const lost = new Promise<object>(resolve => {
      lose = () => resolve({ reason: 'unknown', message: 'the driver was reset\nstack of the driver' });
    });
    return { lost, lose: () => lose() };
  }

  it('gives no data that a readback maps afterwards', async () => {
    const { lost, lose } = losable();
    const gpu = await open(real => ({
      lost,
      createBuffer: (descriptor: GPUBufferDescriptor) => {
        const buffer = real.createBuffer(descriptor);
        const map = buffer.mapAsync.bind(buffer);
        buffer.mapAsync = async (mode: number) => {
          await map(mode);
          lose();
          return undefined;
        };
        return buffer;
      },
    }));
    await expect(soon(plus(vector(gpu, 4, 1), 1).read())).rejects.toThrow(new DeviceError(MESSAGE));
  });

  it('is not waited for: error scopes and maps that never answer', async () => {
    const { lost, lose } = losable();
    const gpu = await open(() => ({ lost, popErrorScope: () => new Promise(() => {}) }));
    const read = plus(vector(gpu, 4, 1), 1).read();
    setTimeout(lose, 20);
    await expect(soon(read)).rejects.toThrow(new DeviceError(MESSAGE));
    await expect(soon(vector(gpu, 4, 1).read())).rejects.toThrow(new DeviceError(MESSAGE));
  });

  it('while its shaders compile', async () => {
    const { lost, lose } = losable();
    const gpu = await open(() => ({ lost, createComputePipelineAsync: () => new Promise(() => {}) }));
    const y = plus(vector(gpu, 4, 1), 1);
    const read = y.read();
    setTimeout(lose, 20);
    await expect(soon(read)).rejects.toThrow(new DeviceError(MESSAGE));
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(MESSAGE));
  });
});

describe('running out of memory', () => {
  /** From the `th` buffer with that label on there is no memory, as an adapter says it: by the error scope alone. */
  function without(label: string) {
    return (real: GPUDevice): Changes => {
      const scopes: { filter: GPUErrorFilter; failed: boolean }[] = [];
      return {
        createBuffer: (descriptor: GPUBufferDescriptor) => {
          const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory');
          if (descriptor.label === label && scope) scope.failed = true;
          return real.createBuffer(descriptor);
        },
        pushErrorScope: (filter: GPUErrorFilter) => {
          scopes.push({ filter, failed: false });
          real.pushErrorScope(filter);
        },
        popErrorScope: async () => {
          const { failed } = scopes.pop()!;
          const error = await real.popErrorScope();
          return failed ? { message: 'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY' } : error;
        },
      };
    };
  }

  it('is a sentence with the sizes, for all that was to be written', async () => {
    const gpu = await open(without('layer1.0.conv1'));
    const message =
      'device: no 40 MB buffer for layer1.0.conv1 beside 40 MB in use (vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY). Take a smaller batch, or close other programs that use the GPU';
    const x = vector(gpu, 1e7, 1);
    const y = plus(x, 1, 'layer1.0.conv1');
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(message));
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(message));
    expect(await plus(vector(gpu, 4, 1), 1, 'small').read()).toEqual(new Float32Array(4).fill(2));
    y.dispose();
    using again = plus(x, 1, 'layer1.0.conv2'); // not from the invalid buffer, which is of the size
    expect((await again.read())[0]).toBe(2);
  });

  it('spoils data from the host too', async () => {
    const gpu = await open(without('x'));
    const x = vector(gpu, 1000, 1);
    const message = /^device: no 0\.0 MB buffer for x beside 0\.0 MB in use \(vkAllocateMemory/;
    await expect(soon(x.read())).rejects.toThrow(message);
    await expect(soon(x.read())).rejects.toThrow(message);
    expect(() => plus(x, 1)).toThrow(message);
  });
});
