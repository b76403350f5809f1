import { Descriptors } from './descriptors.ts';
import { override } from './override.ts';
import { Pins } from './pins.ts';
import { Timestamps } from './timestamps.ts';

/** One dispatch as the runtime encoded it. The function `encode` can encode it again. */
export interface Dispatched {
  /**
   * The path of the network's module, such as `layer1.0.conv2`: the label of the innermost debug group or, if there is
   * none, of the first bind group.
   */
  readonly label: string;
  /** The kernel's name, which is the pipeline's label. */
  readonly kernel: string;
  readonly pipeline: GPUComputePipeline;
  readonly groups: readonly (GPUBindGroup | undefined)[];
  readonly workgroups: readonly [number, number, number];
}

/**
 * The way in which compute passes are encoded: `plain` leaves them unchanged, `timed` adds timestamps to each pass, and
 * `split` encodes a separate pass with timestamps for each dispatch.
 */
type PassMode = 'plain' | 'timed' | 'split';

interface DeviceBytes {
  /** Total size of all buffers that exist. */
  readonly liveBytes: number;
  /** Maximum of `liveBytes` so far. */
  readonly peakBytes: number;
}

/** Number of recent submits whose times are remembered. */
const KEPT_SUBMITS = 16;

/**
 * Intercepts and measures the calls that Raycam makes to its `GPUDevice`. It sees exactly what WebGPU sees. To use an
 * observer, pass its `attach` to `Device.open` as the option `observe`.
 */
export class Observer {
  mode: PassMode = 'plain';
  private device: GPUDevice | undefined;
  private stamps: Timestamps | undefined;
  private bytes = { liveBytes: 0, peakBytes: 0 };
  private submitsMs: number[] = [];
  private recorded: Dispatched[] | undefined;
  private readonly pins = new Pins();
  private readonly split: Dispatched[] = [];
  readonly descriptors = new Descriptors();
  /** Times of pipeline compilations, in milliseconds. To start a new measurement, replace the array. */
  compilesMs: number[] = [];
  /** Pipelines that `provide` added, with the keys that `pipelineKey` returns. */
  private readonly ready = new Map<string, GPUComputePipeline>();

  readonly attach = (gpu: GPUDevice): GPUDevice => {
    this.device = gpu;
    if (gpu.features.has('timestamp-query')) this.stamps = new Timestamps(gpu);
    return this.wrap(gpu);
  };

  /** The device itself. Calls to it are not intercepted. */
  get gpu(): GPUDevice {
    return this.device!;
  }

  get hasTimestamps(): boolean {
    return this.stamps !== undefined;
  }

  get deviceBytes(): DeviceBytes {
    return { ...this.bytes };
  }

  /** Sets the peak to the bytes that are live now. */
  resetPeak(): void {
    this.bytes.peakBytes = this.bytes.liveBytes;
  }

  /** Returns the time of the runtime's first submit since the time `sinceMs`. Both are times of `performance.now`. */
  firstSubmitMs(sinceMs: number): number | undefined {
    return this.submitsMs.find(ms => ms >= sinceMs);
  }

  /** From now on, the runtime gets this pipeline when it requests one with the same key. Nothing is compiled then. */
  provide(key: string, pipeline: GPUComputePipeline): void {
    this.ready.set(key, pipeline);
  }

  /** Returns the dispatches that the runtime encodes during `work`. Their buffers are kept until `release`. */
  async observe(work: () => Promise<void>): Promise<readonly Dispatched[]> {
    const recorded: Dispatched[] = [];
    this.recorded = recorded;
    this.pins.hold();
    try {
      await work();
    } finally {
      this.recorded = undefined;
      this.pins.pin(this.allBuffersOf(recorded));
    }
    return recorded;
  }

  release(dispatched: readonly Dispatched[]): void {
    this.pins.unpin(this.allBuffersOf(dispatched));
  }

  /** Returns the storage buffers that dispatches use. Lists each buffer once. */
  buffersOf(dispatched: readonly Dispatched[]): readonly GPUBuffer[] {
    const STORAGE = 0x80; // GPUBufferUsage
    return this.allBuffersOf(dispatched).filter(({ usage }) => usage & STORAGE);
  }

  private allBuffersOf(dispatched: readonly Dispatched[]): readonly GPUBuffer[] {
    const groups = dispatched.flatMap(dispatch => dispatch.groups.filter(group => group !== undefined));
    const bound = groups.flatMap(group => this.descriptors.entriesOf(group).map(({ resource }) => resource));
    return [...new Set(bound.map(resource => (resource as GPUBufferBinding).buffer))];
  }

  /** Returns the dispatches of all passes that were split since the last call, each with its time in milliseconds. */
  async readTimes(): Promise<{ dispatched: Dispatched; ms: number }[]> {
    const durations = await this.readDurations();
    return this.split.splice(0).map((dispatched, i) => ({ dispatched, ms: durations[i]! }));
  }

  /** Returns the `timestampWrites` for a pass that the caller encodes, or undefined if the device has no timestamps. */
  timestampWrites(): GPUComputePassTimestampWrites | undefined {
    return this.stamps?.next();
  }

  /** Returns the duration in milliseconds of every pass with timestamps since the last call. */
  async readDurations(): Promise<number[]> {
    return (await this.stamps?.read()) ?? [];
  }

  private wrap(gpu: GPUDevice): GPUDevice {
    const queue = override(gpu.queue, {
      submit: commands => {
        gpu.queue.submit(commands);
        this.submitsMs = [...this.submitsMs.slice(1 - KEPT_SUBMITS), performance.now()];
      },
    });
    return override(gpu, {
      ...this.descriptors.observe(gpu),
      queue,
      createBuffer: descriptor =>
        this.observeBuffer(gpu.createBuffer({ ...descriptor, usage: readable(descriptor.usage) })),
      createComputePipelineAsync: descriptor => this.compile(gpu, descriptor),
      createCommandEncoder: descriptor => this.observeEncoder(gpu.createCommandEncoder(descriptor)),
    });
  }

  private async compile(gpu: GPUDevice, descriptor: GPUComputePipelineDescriptor): Promise<GPUComputePipeline> {
    const ready = this.ready.get(this.descriptors.keyOf(descriptor));
    if (ready) return this.descriptors.made(ready, descriptor);
    const startedMs = performance.now();
    const pipeline = await gpu.createComputePipelineAsync(descriptor);
    this.compilesMs.push(performance.now() - startedMs);
    return this.descriptors.made(pipeline, descriptor);
  }

  private observeBuffer(buffer: GPUBuffer): GPUBuffer {
    const { bytes } = this;
    const { size } = buffer;
    const destroy = buffer.destroy.bind(buffer);
    let live = true;
    bytes.liveBytes += size;
    bytes.peakBytes = Math.max(bytes.peakBytes, bytes.liveBytes);
    buffer.destroy = () => {
      if (live) bytes.liveBytes -= size;
      live = false;
      this.pins.destroy(buffer, destroy);
      return undefined;
    };
    return buffer;
  }

  private observeEncoder(encoder: GPUCommandEncoder): GPUCommandEncoder {
    return override(encoder, {
      beginComputePass: (descriptor = {}) => {
        if (this.mode === 'split' && this.stamps) return this.splitPass(encoder, descriptor);
        return this.observePass(encoder, descriptor);
      },
    });
  }

  /**
   * Begins a pass. While dispatches are observed, the pass's calls are intercepted, and it has no timestamps. At other
   * times its calls are not intercepted, and it has timestamps if the mode is `timed`.
   */
  private observePass(encoder: GPUCommandEncoder, descriptor: GPUComputePassDescriptor): GPUComputePassEncoder {
    if (this.recorded) {
      const pass = encoder.beginComputePass(descriptor);
      return this.follow(pass, dispatched => {
        pass.dispatchWorkgroups(...dispatched.workgroups);
        this.recorded?.push(dispatched);
      });
    }
    const timestampWrites = this.mode === 'timed' && this.stamps ? this.stamps.next() : descriptor.timestampWrites;
    return encoder.beginComputePass({ ...descriptor, timestampWrites });
  }

  /** Returns a pass that encodes each of its dispatches as a separate pass with timestamps. */
  private splitPass(encoder: GPUCommandEncoder, descriptor: GPUComputePassDescriptor): GPUComputePassEncoder {
    const none = { setPipeline: nothing, setBindGroup: nothing, pushDebugGroup: nothing, popDebugGroup: nothing };
    const whole = { ...none, insertDebugMarker: nothing, end: nothing } as unknown as GPUComputePassEncoder;
    return this.follow(whole, dispatched => {
      const pass = encoder.beginComputePass({ ...descriptor, timestampWrites: this.stamps!.next() });
      encode(pass, dispatched);
      pass.end();
      this.split.push(dispatched);
    });
  }

  /**
   * Tracks the state that is set on a pass. Each `dispatchWorkgroups` calls the callback `dispatch` with this state
   * instead of encoding the dispatch.
   */
  private follow(pass: GPUComputePassEncoder, dispatch: (dispatched: Dispatched) => void): GPUComputePassEncoder {
    const debugGroups: string[] = [];
    const groups: (GPUBindGroup | undefined)[] = [];
    let pipeline: GPUComputePipeline | undefined;
    return override(pass, {
      setPipeline: next => {
        pipeline = next;
        pass.setPipeline(next);
      },
      setBindGroup: (index: number, group: GPUBindGroup | null | undefined, ...offsets: unknown[]) => {
        if (offsets.length > 0) throw new Error('observer: dynamic offsets are not supported');
        groups[index] = group ?? undefined;
        pass.setBindGroup(index, group);
      },
      pushDebugGroup: label => {
        debugGroups.push(label);
        pass.pushDebugGroup(label);
      },
      popDebugGroup: () => {
        debugGroups.pop();
        pass.popDebugGroup();
      },
      dispatchWorkgroups: (x, y = 1, z = 1) => {
        const set = groups.find(group => group !== undefined);
        const label = debugGroups.at(-1) ?? (set ? this.descriptors.labelOf(set) : '');
        const kernel = pipeline!.label;
        dispatch({ label, kernel, pipeline: pipeline!, groups: [...groups], workgroups: [x, y, z] });
      },
    } as Partial<GPUComputePassEncoder>);
  }
}

/** Encodes a dispatch again. */
export function encode(pass: GPUComputePassEncoder, { pipeline, groups, workgroups }: Dispatched): void {
  pass.setPipeline(pipeline);
  groups.forEach((group, index) => {
    if (group) pass.setBindGroup(index, group);
  });
  pass.dispatchWorkgroups(...workgroups);
}

/** Makes uniform buffers readable, because the bench's recordings of dispatches contain the bytes of these buffers. */
function readable(usage: GPUBufferUsageFlags): GPUBufferUsageFlags {
  const [UNIFORM, COPY_SRC] = [0x40, 0x04];
  return usage & UNIFORM ? usage | COPY_SRC : usage;
}

function nothing(): undefined {
  return undefined;
}
