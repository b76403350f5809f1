import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeviceError } from '../../src/errors/index.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { PATIENCE_MS } from '../harness/patience.ts';
import { addAmount } from './kernels.ts';

/** Members of the adapter's GPUDevice that a test replaces. */
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

/** Returns the object with some members replaced. The other methods keep the real object as their `this`. */
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
/** Rejects if the promise does not settle. */
const soon = <T>(promise: Promise<T>) =>
  Promise.race([
    promise,
    new Promise<never>((_, fail) => setTimeout(() => fail(new Error('the promise never settled')), PATIENCE_MS)),
  ]);

const LOST =
  'device: was lost (destroyed: device was destroyed). Run the command again, or choose another adapter with --adapter';

describe('an adapter', () => {
  it('that has already returned its device reports that in one message', async () => {
    changes.before = adapter => adapter.requestDevice();
    await expect(Device.open({ adapter: 'swiftshader' })).rejects.toThrow(
      new DeviceError(
        'device: SwiftShader driver 5.0.0 cannot be opened (adapter is "consumed": it has already been used to create a device). Run `raycam doctor` to see which adapters work',
      ),
    );
  });
});

describe('a destroyed device rejects reads with the loss', () => {
  it('if it is destroyed before anything runs', async () => {
    const gpu = await open();
    const x = vector(gpu, 4, 1);
    const y = plus(x, 1);
    gpu.dispose();
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(LOST));
    await expect(soon(x.read())).rejects.toThrow(new DeviceError(LOST));
    expect(await gpu.lost).toMatchObject({ reason: 'destroyed' });
  });

  it('if it is destroyed between submit and readback', async () => {
    const gpu = await open();
    const y = plus(vector(gpu, 4, 1), 1);
    await gpu.submit();
    gpu.dispose();
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(LOST));
  });

  it.each([0, 1, 2, 3, 5, 8, 13, 21])(
    'unless the values arrived first, if it is destroyed %i turns of the event loop into a readback',
    async turns => {
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
      // Values that arrived before the loss are complete. After the loss there is an error and no data.
      if ('values' in result)
        expect([result.turn <= turns, result.values.every(value => value === 2)]).toEqual([true, true]);
      else expect(result.error).toEqual(new DeviceError(LOST));
    },
  );

  it('and so do all calls after the loss', async () => {
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

describe('a device that the driver loses', () => {
  const MESSAGE =
    'device: was lost (unknown: the driver was reset). Run the command again, or choose another adapter with --adapter';

  function losable() {
    let lose = () => {};
    const lost = new Promise<object>(resolve => {
      lose = () => resolve({ reason: 'unknown', message: 'the driver was reset\nstack of the driver' });
    });
    return { lost, lose: () => lose() };
  }

  it('returns no data from a readback that was mapped when it was lost', async () => {
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

  it('rejects a read whose error scopes never settle', async () => {
    const { lost, lose } = losable();
    const gpu = await open(() => ({ lost, popErrorScope: () => new Promise(() => {}) }));
    const read = plus(vector(gpu, 4, 1), 1).read();
    setTimeout(lose, 20);
    await expect(soon(read)).rejects.toThrow(new DeviceError(MESSAGE));
    await expect(soon(vector(gpu, 4, 1).read())).rejects.toThrow(new DeviceError(MESSAGE));
  });

  it('rejects a read whose shaders never finish compiling', async () => {
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
  /** Makes buffers with that label run out of memory, as adapters report it: through the error scope alone. */
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

  it('throws an error with the sizes for every use of the tensor', async () => {
    const gpu = await open(without('layer1.0.conv1'));
    const message =
      'device: a 40 MB buffer for layer1.0.conv1 cannot be allocated while 40 MB are in use (vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY). Use a smaller batch, or close other programs that use the GPU';
    const x = vector(gpu, 1e7, 1);
    const y = plus(x, 1, 'layer1.0.conv1');
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(message));
    await expect(soon(y.read())).rejects.toThrow(new DeviceError(message));
    expect(await plus(vector(gpu, 4, 1), 1, 'small').read()).toEqual(new Float32Array(4).fill(2));
    y.dispose();
    using again = plus(x, 1, 'layer1.0.conv2'); // must not reuse the invalid buffer of the same size
    expect((await again.read())[0]).toBe(2);
  });

  it('also throws for uploaded tensors', async () => {
    const gpu = await open(without('x'));
    const x = vector(gpu, 1000, 1);
    const message = /^device: a 0\.0 MB buffer for x cannot be allocated while 0\.0 MB are in use \(vkAllocateMemory/;
    await expect(soon(x.read())).rejects.toThrow(message);
    await expect(soon(x.read())).rejects.toThrow(message);
    expect(() => plus(x, 1)).toThrow(message);
  });
});
