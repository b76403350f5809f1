import type { Program } from './devices.ts';
import { Entropy } from './entropy.ts';
import { Phases } from './phases.ts';
import { type FunctionSignature, Scope } from './scope.ts';
import { type Body, guardOf, Statements } from './statements.ts';
import { leavesOf, nameOf, randomStruct, randomType, shaped, type Type } from './types.ts';

const WORKGROUPS = [[4], [1], [8], [3, 2], [2, 2, 2], [16], [5]];
/** The number of results of each invocation in each of the two output buffers. */
const MOST_RESULTS = 64;

const INPUTS = `
struct Input { zero_i: i32, zero_u: u32, zero_f: f32, count: u32, vf: vec4f, vi: vec4i, vu: vec4u }
@group(0) @binding(0) var<uniform> input: Input;
@group(0) @binding(1) var<storage, read> xi: array<i32>;
@group(0) @binding(2) var<storage, read> xf: array<f32>;
@group(0) @binding(3) var<storage, read> xu: array<vec4u, 16>;
@group(0) @binding(4) var<storage, read_write> out_u: array<u32>;
@group(0) @binding(5) var<storage, read_write> out_f: array<f32>;
@group(0) @binding(6) var<storage, read_write> work: array<Work>;`;

function inputs(scope: Scope): void {
  for (const [code, type] of [
    ['input.count', shaped('u32')],
    ['input.vf', shaped('f32', 4)],
    ['input.vi', shaped('i32', 4)],
    ['input.vu', shaped('u32', 4)],
    ['xi', { kind: 'array', element: shaped('i32'), count: 64 }],
    ['xf', { kind: 'array', element: shaped('f32'), count: 64 }],
    ['xu', { kind: 'array', element: shaped('u32', 4), count: 16 }],
  ] as const)
    scope.declare({ code, type, isWritable: false });
}

/** Returns the helper function that limits floats to a variable's range: whole eighths, at most 64. */
function helperOf(name: string): string {
  const size = /^keep(\d)$/.exec(name)?.[1];
  if (size) {
    const type = size === '1' ? 'f32' : `vec${size}f`;
    return `fn ${name}(x: ${type}) -> ${type} { return clamp(trunc(x * 8.0) * 0.125, ${type}(-64.0), ${type}(64.0)); }`;
  }
  const [columns, rows] = [Number(name[4]), name[6]];
  const kept = Array.from({ length: columns }, (_, i) => `keep${rows}(m[${i}])`);
  const type = `mat${columns}x${rows}f`;
  return `fn ${name}(m: ${type}) -> ${type} { return ${type}(${kept.join(', ')}); }`;
}

/** Returns a similar type that a buffer may contain: without bools. */
function storable(type: Type): Type {
  switch (type.kind) {
    case 'shaped':
      return type.scalar === 'bool' ? shaped('u32', type.size) : type;
    case 'matrix':
      return type;
    case 'array':
      return { ...type, element: storable(type.element) };
    case 'struct':
      return { kind: 'array', element: shaped('i32', 3), count: 2 };
  }
}

function declarationOf(type: Type): string {
  if (type.kind !== 'struct') return '';
  return `struct ${type.name} { ${type.members.map(([name, member]) => `${name}: ${nameOf(member)}`).join(', ')} }`;
}

/** Makes a complete random compute shader and its inputs from a list of random numbers. */
export function randomProgram(numbers: readonly number[]): Program {
  return new ProgramMaker(new Entropy(numbers)).make();
}

class ProgramMaker {
  private readonly structs: Type[] = [];
  private readonly functions: FunctionSignature[] = [];
  private readonly helpers = new Set<string>();
  private readonly globals = new Scope();
  private readonly text: string[] = [];

  constructor(private readonly entropy: Entropy) {}

  make(): Program {
    const { entropy, structs } = this;
    const workgroup = entropy.pick(WORKGROUPS);
    const groups = 1 + entropy.below(3);
    for (let i = entropy.below(3); i > 0; i--) structs.push(randomStruct(entropy, `S${i}`, structs));
    const work: Type = {
      kind: 'struct',
      name: 'Work',
      members: Array.from(
        { length: 1 + entropy.below(4) },
        (_, i) => [`w${i}`, storable(randomType(entropy, []))] as const,
      ),
    };
    inputs(this.globals);
    const constants = this.globalVariables();
    for (let i = entropy.below(4); i > 0; i--) this.function(`f${i}`);
    const main = this.main(workgroup, work);
    const helpers = [...this.helpers].flatMap(name => (name.includes('x') ? [`keep${name[6]}`, name] : [name]));
    const types = [...structs, work].map(declarationOf);
    const source = [...types, INPUTS, ...[...new Set(helpers)].map(helperOf), ...this.text, main].join('\n');
    const size = workgroup.reduce((product, extent) => product * extent) * groups;
    return { source, workgroups: groups, constants, buffers: this.buffers(size) };
  }

  private globalVariables(): Record<string, number> {
    this.text.push('var<private> trace = 1u;', 'var<private> calls = 1u;');
    const { entropy, text, globals } = this;
    const constants: Record<string, number> = {};
    const module = new Statements(this.body([]), globals, 'c');
    for (let i = entropy.below(3); i > 0; i--) module.constant(module.newName());
    text.push(...module.lines);
    for (let i = entropy.below(3); i > 0; i--) {
      const value = 1 + entropy.below(9);
      if (entropy.chance(60)) constants[`o${i}`] = value;
      const scalar = entropy.pick(['u32', 'i32'] as const);
      text.push(`override o${i}: ${scalar} = ${entropy.pick(['2', '1 + 3', `${scalar}(5)`])};`);
      // An override is constant to the pipeline. Adding a run-time zero keeps it out of contexts that might refuse it.
      globals.declare({ code: `(o${i} + input.zero_${scalar[0]})`, type: shaped(scalar), isWritable: false });
    }
    for (let i = entropy.below(3); i > 0; i--) {
      const type = randomType(entropy, this.structs);
      text.push(`var<private> p${i}: ${nameOf(type)};`);
      globals.declare({ code: `p${i}`, type, isWritable: true });
    }
    return constants;
  }

  private body(functions: readonly FunctionSignature[]): Body {
    const { entropy, helpers, structs } = this;
    return { entropy, helpers, structs, functions };
  }

  private function(name: string): void {
    const { entropy, structs } = this;
    const scope = new Scope(this.globals);
    // Few types, so that functions and arguments often fit together.
    const common = () =>
      entropy.chance(65) ? shaped(entropy.pick(['i32', 'u32', 'f32', 'bool'] as const)) : randomType(entropy, structs);
    const returns = common();
    const parameters = Array.from({ length: entropy.below(4) }, (_, i) => {
      const type = common();
      const space = entropy.pick([undefined, undefined, 'function', 'private'] as const);
      scope.declare({ code: space ? `(*a${i})` : `a${i}`, type, isWritable: space !== undefined, space });
      return { type, space };
    });
    const statements = new Statements({ ...this.body([...this.functions]), returns }, scope, 'v');
    statements.lines.push(`calls = calls * 31u + ${this.functions.length + 1}u;`);
    statements.inScope(() => {
      for (let i = 1 + entropy.below(6); i > 0; i--) statements.statement(2);
      statements.lines.push(`return ${statements.make.value(returns).code};`);
    });
    const list = parameters.map(({ type, space }, i) =>
      space ? `a${i}: ptr<${space}, ${nameOf(type)}>` : `a${i}: ${nameOf(type)}`,
    );
    this.text.push(`fn ${name}(${list.join(', ')}) -> ${nameOf(returns)} {`, ...statements.lines, '}');
    this.functions.push({ name, parameters, returns });
  }

  private main(workgroup: readonly number[], work: Type): string {
    const { entropy, functions } = this;
    const scope = new Scope(this.globals);
    for (const code of ['local', 'group']) scope.declare({ code, type: shaped('u32', 3), isWritable: false });
    scope.declare({ code: 'lane', type: shaped('u32'), isWritable: false });
    scope.declare({ code: 'work[at]', type: work, isWritable: true });
    const privates: string[] = [];
    const wanted = functions.flatMap(({ parameters }) => parameters.filter(({ space }) => space === 'private'));
    for (const [i, { type }] of wanted.entries()) {
      privates.push(`var<private> q${i}: ${nameOf(type)};`);
      scope.declare({ code: `q${i}`, type, isWritable: true, space: 'private' });
    }
    const statements = new Statements(this.body(functions), scope, 'v');
    for (const { code, type } of scope.all()) if (/^[pq]\d+$/.test(code)) statements.lines.push(guardOf(code, type));
    const count = workgroup.reduce((product, extent) => product * extent);
    const phases = new Phases(statements, count);
    if (entropy.chance(40)) phases.run(2 + entropy.below(4));
    else for (let i = 6 + entropy.below(12); i > 0; i--) statements.statement(3);
    const dump = this.dump(scope);
    return `${privates.join('\n')}
${phases.declarations.join('\n')}
@compute @workgroup_size(${workgroup.join(', ')})
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
let at = group.x * ${count}u + lane;
${statements.lines.join('\n')}
${dump.join('\n')}
}`;
  }

  /** Returns statements that write the final values of an invocation's variables. */
  private dump(scope: Scope): string[] {
    const counts = { u: 2, f: 0 };
    const lines = ['trace', 'calls'].map((name, i) => `out_u[at * ${MOST_RESULTS}u + ${i}u] = ${name};`);
    for (const { code, type, isWritable } of scope.all()) {
      if (!isWritable && !/^v\d+$/.test(code)) continue;
      if (code.startsWith('work')) continue;
      for (const [suffix, scalar] of leavesOf(type)) {
        const kind = scalar === 'f32' ? 'f' : 'u';
        if (counts[kind] >= MOST_RESULTS) continue;
        const value = scalar === 'f32' ? `${code}${suffix}` : `u32(${code}${suffix})`;
        lines.push(`out_${kind}[at * ${MOST_RESULTS}u + ${counts[kind]++}u] = ${value};`);
      }
    }
    return lines;
  }

  private buffers(invocations: number): Program['buffers'] {
    const { entropy } = this;
    const number = () => (Math.imul(entropy.below(0x10000), 0x9e3779b1) ^ (entropy.below(0x10000) << 3)) | 0;
    const small = () => ((number() >>> 8) % 1025) / 8 - 64;
    const uniform = new DataView(new ArrayBuffer(64));
    uniform.setUint32(12, entropy.below(7), true);
    for (let i = 0; i < 4; i++) {
      uniform.setFloat32(16 + 4 * i, small(), true);
      uniform.setInt32(32 + 4 * i, entropy.chance(50) ? number() : entropy.below(20) - 10, true);
      uniform.setUint32(48 + 4 * i, entropy.chance(50) ? number() : entropy.below(20), true);
    }
    const words = (count: number, make: () => number) => Int32Array.from({ length: count }, make);
    const seed = number();
    const spread = (i: number) => Math.imul(seed ^ Math.imul(i + 1, 0x85ebca6b), 0xc2b2ae35);
    return [
      { use: 'uniform', words: new Uint32Array(uniform.buffer) },
      {
        use: 'input',
        words: new Uint32Array(Int32Array.from({ length: 64 }, (_, i) => (i % 3 ? spread(i) : spread(i) % 50)).buffer),
      },
      {
        use: 'input',
        words: new Uint32Array(Float32Array.from({ length: 64 }, (_, i) => ((spread(i) >>> 9) % 1025) / 8 - 64).buffer),
      },
      { use: 'input', words: new Uint32Array(words(64, number).buffer) },
      { use: 'output', words: new Uint32Array(invocations * MOST_RESULTS) },
      { use: 'output', words: new Uint32Array(invocations * MOST_RESULTS) },
      { use: 'output', words: new Uint32Array(invocations * 256) },
    ];
  }
}
