import type { Program } from './devices.ts';
import { Entropy } from './entropy.ts';
import type { Interval } from './interval.ts';
import * as i from './interval.ts';

/** The components of a vector, or a single scalar. */
type Point = readonly Interval[];

/** An f32 expression, and the intervals of its value for given inputs. */
interface Expression {
  readonly code: string;
  readonly at: (inputs: readonly Point[]) => Point;
}

export interface FloatProgram {
  readonly program: Program;
  /** The interval of each result, in the order of the output buffer. */
  readonly expected: readonly Interval[];
}

const INVOCATIONS = 8;
const EXPRESSIONS = 8;

const unary: Readonly<Record<string, (x: Interval) => Interval>> = {
  abs: i.abs,
  floor: i.floor,
  ceil: i.rising(Math.ceil),
  trunc: i.trunc,
  round: i.round,
  fract: i.fract,
  sqrt: i.sqrt,
  inverseSqrt: i.inverseSqrt,
  exp: i.exp,
  exp2: i.exp2,
  log: i.log,
  log2: i.log2,
  sin: i.sin,
  cos: i.cos,
  tan: i.tan,
  asin: i.asin,
  acos: i.acos,
  atan: i.atan,
  sinh: i.sinh,
  cosh: i.cosh,
  tanh: i.tanh,
  asinh: i.asinh,
  acosh: i.acosh,
  atanh: i.atanh,
  degrees: i.degrees,
  radians: i.radians,
  sign: i.rising(Math.sign),
  saturate: x => i.clamp(x, i.constant(0), i.constant(1)),
};
const binary: Readonly<Record<string, (x: Interval, y: Interval) => Interval>> = {
  pow: i.pow,
  atan2: i.atan2,
  min: i.min,
  max: i.max,
  step: i.step,
};
const operators: Readonly<Record<string, (x: Interval, y: Interval) => Interval>> = {
  '+': i.add,
  '-': i.sub,
  '*': i.mul,
  '/': i.div,
  '%': i.remainder,
};
const ternary: Readonly<Record<string, (x: Interval, y: Interval, z: Interval) => Interval>> = {
  fma: i.fma,
  mix: i.mix,
  smoothstep: i.smoothstep,
};

/** Returns the interval of a sum of products in any order. */
const dot = (x: Point, y: Point): Interval => {
  const products = x.map((one, k) => i.mul(one, y[k]));
  const forward = products.reduce((sum, one) => i.add(sum, one));
  return i.hull(
    forward,
    products.reduceRight((sum, one) => i.add(sum, one)),
  );
};
const length = (x: Point): Interval => (x.length === 1 ? i.abs(x[0]) : i.sqrt(dot(x, x)));
const difference = (x: Point, y: Point): Point => x.map((one, k) => i.sub(one, y[k]));

class Maker {
  /** The values of the names k0, k1 … */
  readonly constants: number[] = [];

  constructor(
    private readonly entropy: Entropy,
    private readonly size: number,
    private readonly isConst: boolean,
  ) {}

  get type(): string {
    return this.size === 1 ? 'f32' : `vec${this.size}f`;
  }

  make(depth: number): Expression {
    const { entropy } = this;
    if (depth === 0 || entropy.isSpent) return this.leaf();
    const inner = () => this.make(depth - 1);
    const isVector = this.size > 1 ? 1 : 0;
    return entropy.choose<Expression>([
      [2, () => this.leaf()],
      [6, () => this.each(entropy.pick(Object.keys(operators)), operators, [inner(), inner()])],
      [6, () => this.each(entropy.pick(Object.keys(unary)), unary, [inner()])],
      [2, () => this.each(entropy.pick(Object.keys(binary)), binary, [inner(), inner()])],
      [2, () => this.each(entropy.pick(Object.keys(ternary)), ternary, [inner(), inner(), inner()])],
      [1, () => this.each('-', { '-': i.negate }, [inner()])],
      [3 * isVector, () => this.geometric(inner)],
    ]);
  }

  private leaf(): Expression {
    const { entropy, size } = this;
    if (!this.isConst && entropy.chance(75)) {
      const which = entropy.below(3);
      return { code: 'abc'[which]!, at: inputs => inputs[which]! };
    }
    const value = entropy.pick([1, 0.5, 2, 3, -1, 0.1, 10, -0.75, 1e-3, 1000, 1.5, -2.25]);
    const text = Number.isInteger(value) && entropy.chance(50) ? `${value}.0` : `${value}f`;
    const literal = size === 1 ? `f32(${text})` : `${this.type}(${text})`;
    const at = () => Array(size).fill(i.constant(value));
    if (this.isConst) return { code: literal, at };
    // Read from the buffer: a constant subexpression must not leave its function's domain, and Dawn combines constants
    // of two sums, which WGSL allows and the bounds here do not.
    const name = `k${this.constants.length}`;
    this.constants.push(value);
    return { code: name, at };
  }

  /** Makes a call or an operation that works component by component. */
  private each(
    name: string,
    table: Readonly<Record<string, (...of: Interval[]) => Interval>>,
    args: Expression[],
  ): Expression {
    const codes = args.map(arg => arg.code);
    const code = /\w/.test(name)
      ? `${name}(${codes.join(', ')})`
      : args.length === 1
        ? `${name}(${codes[0]})`
        : `(${codes.join(` ${name} `)})`;
    const compute = table[name]!;
    const at = (inputs: readonly Point[]) => {
      const points = args.map(arg => arg.at(inputs));
      return points[0]!.map((_, k) => compute(...points.map(point => point[k])));
    };
    return { code, at };
  }

  private geometric(inner: () => Expression): Expression {
    const { entropy, size, type } = this;
    const [x, y] = [inner(), inner()];
    const splat = (code: string, compute: (a: Point, b: Point) => Interval): Expression => ({
      code: `${type}(${code})`,
      at: inputs => Array(size).fill(compute(x.at(inputs), y.at(inputs))),
    });
    return entropy.choose<Expression>([
      [2, () => splat(`dot(${x.code}, ${y.code})`, dot)],
      [1, () => splat(`length(${x.code})`, length)],
      [1, () => splat(`distance(${x.code}, ${y.code})`, (a, b) => length(difference(a, b)))],
      [
        1,
        () => ({
          code: `normalize(${x.code})`,
          at: inputs => {
            const point = x.at(inputs);
            return point.map(one => i.div(one, length(point)));
          },
        }),
      ],
      [
        1,
        () => ({
          code: `reflect(${x.code}, ${y.code})`,
          at: inputs => {
            const [a, b] = [x.at(inputs), y.at(inputs)];
            const twice = i.mul(i.constant(2), dot(b, a));
            return a.map((one, k) => i.sub(one, i.mul(twice, b[k])));
          },
        }),
      ],
    ]);
  }
}

/** Makes random arithmetic whose results must be within WGSL's accuracy on every device. */
export function floatProgram(numbers: readonly number[]): FloatProgram {
  const entropy = new Entropy(numbers);
  const size = 1 + entropy.below(4);
  const isConst = entropy.chance(25);
  const maker = new Maker(entropy, size, isConst);
  const { type } = maker;
  const inputs = Float32Array.from({ length: INVOCATIONS * 3 * size }, () => randomFloat(entropy));
  const places = Array.from({ length: INVOCATIONS }, (_, at) =>
    [0, 1, 2].map(which => Array.from({ length: size }, (_, k) => i.exactly(inputs[(at * 3 + which) * size + k]!))),
  );
  const expressions = Array.from({ length: EXPRESSIONS }, () => maker.make(3)).filter(
    // A const-expression that is not finite makes the shader invalid.
    ({ at }) => !isConst || at(places[0]!).every(one => one !== undefined),
  );
  const components = [...'xyzw'.slice(0, size)];
  const load = (which: number) =>
    size === 1
      ? `input[(at * 3u + ${which}u)]`
      : `${type}(${components.map((_, k) => `input[(at * 3u + ${which}u) * ${size}u + ${k}u]`).join(', ')})`;
  const keyword = isConst ? 'const' : 'let';
  const lines = expressions.flatMap(({ code }, n) => [
    `${keyword} r${n} = ${code};`,
    ...components.map(
      (letter, k) => `out[at * ${EXPRESSIONS * size}u + ${n * size + k}u] = r${n}${size === 1 ? '' : `.${letter}`};`,
    ),
  ]);
  const source = `@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(${INVOCATIONS}) fn main(@builtin(local_invocation_index) at: u32) {
let a = ${load(0)};
let b = ${load(1)};
let c = ${load(2)};
${maker.constants.map((_, n) => `let k${n} = ${type}(input[${inputs.length + n}u]);`).join('\n')}
${lines.join('\n')}
}`;
  const expected = places.flatMap(inputsAt => {
    const found = expressions.flatMap(({ at }) => at(inputsAt));
    return [...found, ...Array<Interval>(EXPRESSIONS * size - found.length).fill(undefined)];
  });
  const buffers = [
    { use: 'input', words: new Uint32Array(Float32Array.of(...inputs, ...maker.constants).buffer) },
    { use: 'output', words: new Uint32Array(INVOCATIONS * EXPRESSIONS * size) },
  ] as const;
  return { program: { source, workgroups: 1, buffers }, expected };
}

/** Returns a float: mostly near 1, sometimes anywhere in the range of f32. */
function randomFloat(entropy: Entropy): number {
  const mantissa = 1 + entropy.below(0x10000) / 0x10000;
  const exponent = entropy.chance(80) ? entropy.below(7) - 4 : entropy.below(250) - 125;
  return Math.fround((entropy.chance(40) ? -1 : 1) * mantissa * 2 ** exponent);
}
