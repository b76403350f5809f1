import { detectRaces } from 'wgsl_reflect/wgsl_reflect.module.js';
import { compileKernel } from '../../src/wasm/compiler/index.ts';

/** A dispatch as the race finders take it, without a GPU or a device. */
export interface RaceDispatch {
  readonly shader: string;
  readonly constants?: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
  /** In the order of the shader's bindings. The finders do not change them. */
  readonly bindings: readonly RaceBinding[];
}

export interface RaceBinding {
  readonly name: string;
  readonly type: GPUBufferBindingType;
  readonly bytes: Uint8Array;
}

/** The bytes of each binding after the dispatch, by name. */
export type Contents = Readonly<Record<string, Uint8Array>>;

/**
 * Finds races within workgroups by wgsl_reflect's interpreter, which runs invocations in lockstep: two invocations
 * access the same bytes between two barriers, one of them writes, and not both accesses are atomic. It does not see
 * races between workgroups.
 */
export function lockstepRaces(dispatch: RaceDispatch): {
  readonly races: readonly string[];
  readonly contents: Contents;
} {
  const buffers = dispatch.bindings.map(({ bytes }) => bytes.slice().buffer);
  // Bound as uniforms, read-only bindings are not tracked: nobody writes them.
  const bound = dispatch.bindings.map(({ type }, i) => [
    i,
    type === 'storage' ? buffers[i]! : { uniform: buffers[i]! },
  ]);
  const { races, errors } = detectRaces(
    dispatch.shader,
    'main',
    [...dispatch.workgroups],
    { 0: Object.fromEntries(bound) },
    { constants: dispatch.constants ?? {} },
  );
  return {
    races: [...races.map(({ message }) => message), ...errors],
    contents: contentsOf(dispatch, i => new Uint8Array(buffers[i]!)),
  };
}

/**
 * Finds races anywhere in a dispatch by running it: in other orders of workgroups and invocations, whose results must
 * be equal in every bit, and each invocation alone on unchanged buffers, where no two invocations may write the same
 * word.
 */
export function orderRaces(dispatch: RaceDispatch): { readonly races: readonly string[]; readonly contents: Contents } {
  const runner = new OrderRunner(dispatch);
  const natural = runner.runAll(NATURAL);
  const races: string[] = [];
  for (const order of ORDERS) {
    const name = differing(natural, runner.runAll(order));
    if (name) races.push(`${name}: other bytes ${order.why}`);
  }
  if (!/\b(workgroupBarrier|storageBarrier|workgroupUniformLoad|atomic\w+)\s*\(/.test(dispatch.shader))
    races.push(...writtenTwice(runner));
  return { races, contents: natural };
}

interface Order {
  readonly why: string;
  workgroup(i: number, count: number): number;
  /** Invocation i of a workgroup of `size` does the work of invocation (i * step + first) % size. */
  invocation(size: number): { readonly step: number; readonly first: number };
}

const NATURAL: Order = { why: 'in order', workgroup: i => i, invocation: () => ({ step: 1, first: 0 }) };
const ORDERS: readonly Order[] = [
  { ...NATURAL, why: 'with workgroups in reverse', workgroup: (i, count) => count - 1 - i },
  { ...NATURAL, why: 'with invocations in reverse', invocation: size => ({ step: size - 1, first: size - 1 }) },
  {
    why: 'with both permuted',
    workgroup: (i, count) => (i * coprime(count) + 1) % count,
    invocation: size => ({ step: coprime(size), first: Math.floor(size / 2) }),
  },
];

/**
 * Runs each invocation alone on unchanged buffers. Two different fillings reveal writes of the value that was already
 * there.
 */
function writtenTwice(runner: OrderRunner): string[] {
  const races = new Set<string>();
  for (const flip of [0, 0x15]) {
    const writers = runner.written.map(({ bytes }) => new Int32Array(bytes.length / 4).fill(-1));
    runner.fill(flip);
    for (let invocation = 0; invocation < runner.invocations; invocation++)
      runner.runAlone(invocation).forEach((changed, b) => {
        for (const at of changed) {
          const other = writers[b]![at]!;
          if (other >= 0)
            races.add(`${runner.written[b]!.name}: word ${at} is written by invocations ${other} and ${invocation}`);
          writers[b]![at] = invocation;
        }
      });
  }
  return [...races];
}

const ARGUMENTS = 1024;
const EVERYONE = 0xffffffff;

/** One compiled kernel in its own memory. */
class OrderRunner {
  readonly written: readonly RaceBinding[];
  readonly invocations: number;
  private readonly memory: WebAssembly.Memory;
  private readonly execute: (args: number, first: number, count: number) => void;
  private readonly addresses: readonly number[];
  private readonly ticketAt: number;
  private readonly size: number;
  private readonly workgroups: number;
  private untouched: readonly { readonly before: Int32Array; readonly now: Int32Array }[] = [];

  constructor(private readonly dispatch: RaceDispatch) {
    const { constants = {}, workgroups, bindings } = dispatch;
    const kernel = compileKernel({
      source: withTickets(dispatch.shader, bindings.length),
      entryPoint: 'main',
      constants,
      sharedMemory: false,
      features: { relaxedSimd: false, wideSimd: false },
    });
    let end = ARGUMENTS + 1024;
    const place = (sizeBytes: number) => {
      const at = end;
      end = Math.ceil((at + sizeBytes) / 64) * 64;
      return at;
    };
    const scratch = place(kernel.scratchBytes);
    this.addresses = bindings.map(({ bytes }) => place(bytes.length));
    this.ticketAt = place(16);
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536) });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernel.wasm), { env: { memory: this.memory } });
    this.execute = exports.run as typeof this.execute;
    const args = new Uint32Array(this.memory.buffer, ARGUMENTS);
    args.set([...workgroups, scratch]);
    kernel.bindings.forEach(({ name }, i) => {
      const at = bindings.findIndex(binding => binding.name === name);
      args.set(at < 0 ? [this.ticketAt, 16] : [this.addresses[at]!, bindings[at]!.bytes.length], 4 + 2 * i);
    });
    this.size = kernel.workgroupSize.reduce((product, side) => product * side, 1);
    this.workgroups = workgroups.reduce((product, count) => product * count, 1);
    this.invocations = this.size * this.workgroups;
    this.written = bindings.filter(({ type }) => type === 'storage');
  }

  runAll(order: Order): Contents {
    const { step, first } = order.invocation(this.size);
    this.fill(0);
    this.ticket(step, first, EVERYONE);
    for (let i = 0; i < this.workgroups; i++) this.execute(ARGUMENTS, order.workgroup(i, this.workgroups), 1);
    return contentsOf(this.dispatch, i => this.bytesOf(i).slice());
  }

  /**
   * Runs one invocation of the dispatch, returns which words of each writable binding it changed, and restores them.
   */
  runAlone(invocation: number): number[][] {
    this.ticket(1, 0, invocation % this.size);
    this.execute(ARGUMENTS, Math.floor(invocation / this.size), 1);
    return this.untouched.map(({ before, now }) => {
      const changed: number[] = [];
      for (let at = 0; at < before.length; at++) {
        if (now[at] === before[at]) continue;
        changed.push(at);
        now[at] = before[at]!;
      }
      return changed;
    });
  }

  /** Fills every binding with its bytes from before the dispatch. */
  fill(flip: number): void {
    this.dispatch.bindings.forEach(({ bytes, type }, i) => {
      this.bytesOf(i).set(type === 'storage' ? flipped(bytes, flip) : bytes);
    });
    this.untouched = this.written.map(binding => {
      const at = this.dispatch.bindings.indexOf(binding);
      const now = new Int32Array(this.memory.buffer, this.addresses[at]!, binding.bytes.length / 4);
      return { before: now.slice(), now };
    });
  }

  private ticket(step: number, first: number, only: number): void {
    new Uint32Array(this.memory.buffer, this.ticketAt, 3).set([step, first, only]);
  }

  private bytesOf(i: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.addresses[i]!, this.dispatch.bindings[i]!.bytes.length);
  }
}

/**
 * Replaces `main` by one that assigns the work of the old `main` by a ticket: in another order, or only to one
 * invocation.
 */
function withTickets(shader: string, binding: number): string {
  const found = /@compute\s+@workgroup_size\(([^)]*)\)\s*fn main\(((?:[^()]|\([^()]*\))*)\)/.exec(shader);
  if (!found) throw new Error('races: the shader has no `@compute @workgroup_size(…) fn main(…)`');
  const [entry, size, parameters] = found as unknown as [string, string, string];
  const sizes = size.split(',').map(each => `u32(${each.trim() || 1})`);
  const given = [...parameters.matchAll(/@builtin\((\w+)\)\s*(\w+)\s*:\s*(\w+)/g)].map(([, builtin, name, type]) => ({
    builtin: builtin!,
    declared: `${name}: ${type}`,
  }));
  const group = `vec3u(${[...sizes, '1u', '1u'].slice(0, 3).join(', ')})`;
  const values: Readonly<Record<string, string>> = {
    local_invocation_index: 'lane',
    local_invocation_id: 'local',
    global_invocation_id: 'group * size + local',
    workgroup_id: 'group',
    num_workgroups: 'groups',
  };
  return `${shader.replace(entry, `fn work_of_main(${given.map(({ declared }) => declared).join(', ')})`)}
@group(0) @binding(${binding}) var<storage, read> ticket: array<u32, 4>;
@compute @workgroup_size(${size})
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let size = ${group};
  let lane = (i * ticket[0] + ticket[1]) % (size.x * size.y * size.z);
  let local = vec3u(lane % size.x, (lane / size.x) % size.y, lane / (size.x * size.y));
  if (ticket[2] == ${EVERYONE}u || lane == ticket[2]) {
    work_of_main(${given.map(({ builtin }) => values[builtin]).join(', ')});
  }
}`;
}

function contentsOf({ bindings }: RaceDispatch, bytes: (i: number) => Uint8Array): Contents {
  return Object.fromEntries(bindings.map(({ name }, i) => [name, bytes(i)]));
}

function differing(a: Contents, b: Contents): string | undefined {
  return Object.keys(a).find(name => Buffer.compare(a[name]!, b[name]!) !== 0);
}

/** Changes every fourth byte: the lowest bits of a float, so that it stays a finite number. */
function flipped(bytes: Uint8Array, flip: number): Uint8Array {
  return flip === 0 ? bytes : bytes.map((byte, i) => (i % 4 === 0 ? byte ^ flip : byte));
}

/** Returns a step that visits all of `count` places. */
function coprime(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  for (let step = Math.max(1, Math.floor(count * 0.6)); ; step++) if (divisor(step, count) === 1) return step;
}
