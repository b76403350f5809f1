import { abstractFloat, abstractInt } from './abstract.ts';
import type { Entropy } from './entropy.ts';
import { Expressions, type Surroundings } from './expressions.ts';
import { Scope, type Variable } from './scope.ts';
import { nameOf, partsOf, randomType, shaped, type Type } from './types.ts';
import { atLeast, atRunTime, BINDS, literal } from './values.ts';

const COMPOUND = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'];

export interface Body extends Surroundings {
  readonly structs: readonly Type[];
  /** The function's return type; absent for the entry point. */
  readonly returns?: Type;
}

/**
 * Returns a write that never executes, for a variable that starts as zero. Without one, Dawn on SwiftShader folds
 * expressions of the variable, and gets them wrong: after `var<private> q: i32;` it evaluates `vec2i(q, 7) < vec2i(3)`
 * to (false, false), and it crashes on `if (s.flag || s.flag)` around an atomic if `s` is a private struct that is
 * never written.
 */
export function guardOf(code: string, type: Type): string {
  return `if (input.count == 77u) { ${code} = ${fromInput(type)}; }`;
}

function fromInput(type: Type): string {
  const scalars = { i32: 'input.vi.x', u32: 'input.vu.x', f32: 'input.vf.x', bool: '(input.vu.x == 7u)' };
  if (type.kind === 'shaped')
    return type.size === 1 ? scalars[type.scalar] : `${nameOf(type)}(${scalars[type.scalar]})`;
  return `${nameOf(type)}(${partsOf(type)
    .map(([, part]) => fromInput(part))
    .join(', ')})`;
}

/** Makes random statements, all of which terminate. */
export class Statements {
  readonly make: Expressions;
  readonly lines: string[] = [];
  private names = 0;
  private traces = 1;
  private loops = 0;
  private inContinuing = false;

  constructor(
    readonly body: Body,
    scope: Scope,
    /** The prefix of new names, which differs from that of other functions. */
    private readonly prefix: string,
  ) {
    this.make = new Expressions(body, scope);
  }

  get entropy(): Entropy {
    return this.body.entropy;
  }

  newName(): string {
    return `${this.prefix}${this.names++}`;
  }

  inScope(statements: () => void): void {
    const outer = this.make.scope;
    this.make.scope = new Scope(outer);
    statements();
    this.make.scope = outer;
  }

  block(count: number, depth: number): void {
    this.inScope(() => {
      for (let i = 0; i < count && !this.entropy.isSpent; i++) this.statement(depth);
    });
  }

  statement(depth: number): void {
    const { entropy } = this;
    const deeper = depth > 0 ? 1 : 0;
    entropy.choose<void>([
      [6, () => this.declaration()],
      [8, () => this.assignment()],
      [3, () => this.compound()],
      [3 * deeper, () => this.if(depth - 1)],
      [this.loops < 2 ? 4 * deeper : 0, () => this.loop(depth - 1)],
      [2 * deeper, () => this.switch(depth - 1)],
      [deeper, () => this.braces('', () => this.block(1 + entropy.below(3), depth - 1))],
      [5, () => this.callStatement()],
      [1, () => this.pointer()],
    ]);
  }

  private braces(head: string, inside: () => void, tail = ''): void {
    this.lines.push(`${head}{`);
    inside();
    this.lines.push(`}${tail}`);
  }

  declare(variable: Variable, line: string): void {
    this.lines.push(line);
    this.make.scope.declare(variable);
  }

  declaration(): void {
    const { entropy, make } = this;
    const type = randomType(entropy, this.body.structs);
    const code = this.newName();
    const keyword = entropy.pick(['var', 'var', 'var', 'let', 'let', 'const']);
    if (keyword === 'const') {
      this.constant(code);
      return;
    }
    const isWritable = keyword === 'var';
    const space = isWritable ? 'function' : undefined;
    if (isWritable && entropy.chance(20)) {
      this.declare({ code, type, isWritable, space }, `var ${code}: ${nameOf(type)};`);
      this.lines.push(guardOf(code, type));
      return;
    }
    const written = entropy.chance(50) ? `: ${nameOf(type)}` : '';
    const { code: value } = make.value(type);
    this.declare({ code, type, isWritable, space }, `${keyword} ${code}${written} = ${value};`);
  }

  /** Declares a constant whose initialiser consists of abstract numbers. */
  constant(code: string): void {
    const { entropy } = this;
    const scalar = entropy.pick(['i32', 'u32', 'f32'] as const);
    const { code: value, value: number } = scalar === 'f32' ? abstractFloat(entropy, 2) : abstractInt(entropy, 3);
    const [low, high] = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1], f32: [-64, 64] }[scalar] as [
      number,
      number,
    ];
    const fits = number >= low && number <= high && (scalar !== 'f32' || Number.isInteger(number * 8));
    const init = fits ? value : literal(scalar, 1).code;
    const variable = { code, type: shaped(scalar), isWritable: false, isConst: true, known: fits ? number : 1 };
    this.declare(variable, `const ${code}: ${scalar} = ${init};`);
  }

  private assignment(): void {
    const { make, entropy } = this;
    const type = randomType(entropy, this.body.structs);
    const target = make.part(type, 1, variable => variable.isWritable);
    if (target) this.lines.push(`${target.code} = ${make.value(type).code};`);
    else this.lines.push(`_ = ${make.value(type, 1).code};`);
  }

  private compound(): void {
    const { make, entropy } = this;
    const scalar = entropy.pick(['i32', 'u32'] as const);
    const type = shaped(scalar, entropy.pick([1, 1, 2, 3, 4]));
    const target = make.part(type, 1, variable => variable.isWritable);
    if (!target) return;
    if (type.size === 1 && entropy.chance(20)) {
      this.lines.push(`${target.code}${entropy.pick(['++', '--'])};`);
      return;
    }
    const operator = entropy.pick(COMPOUND);
    const isShift = operator === '<<' || operator === '>>';
    const isMixed = type.size > 1 && COMPOUND.indexOf(operator) < 5 && entropy.chance(40);
    const value = make.shaped(shaped(isShift ? 'u32' : scalar, isMixed ? 1 : type.size), 2);
    const isSafe = COMPOUND.indexOf(operator) < 3 || /^[&|^]$/.test(operator);
    this.lines.push(`${target.code} ${operator}= ${isSafe ? value.code : atRunTime(value).code};`);
  }

  private condition(): string {
    return this.make.shaped(shaped('bool'), 2).code;
  }

  private if(depth: number): void {
    const { entropy } = this;
    this.braces(`if (${this.condition()}) `, () => this.armOf(depth), entropy.chance(50) ? ' else' : '');
    if (!this.lines.at(-1)!.endsWith('else')) return;
    if (entropy.chance(30)) {
      this.lines[this.lines.length - 1] += ` if (${this.condition()})`;
      this.braces('', () => this.armOf(depth));
    } else this.braces('', () => this.armOf(depth));
  }

  /** Makes statements, perhaps with a jump after them. Returns whether there is a jump. */
  private armOf(depth: number): boolean {
    const { entropy } = this;
    let jumps = false;
    this.trace(`${this.traces++}u`);
    this.inScope(() => {
      this.block(1 + entropy.below(4), depth);
      const ways: string[] = [];
      if (this.loops > 0 && !this.inContinuing) ways.push('break;', 'continue;');
      if (this.body.returns && !this.inContinuing) ways.push(`return ${this.make.value(this.body.returns, 1).code};`);
      jumps = ways.length > 0 && entropy.chance(35);
      if (jumps) this.lines.push(entropy.pick(ways));
    });
    return jumps;
  }

  /** Records the path of the control flow in the result. */
  trace(value: string): void {
    this.lines.push(`trace = trace * 31u + ${value};`);
  }

  private loop(depth: number): void {
    const { entropy } = this;
    this.loops++;
    const before = this.inContinuing;
    this.inContinuing = false;
    this.inScope(() => {
      const i = this.newName();
      entropy.choose<void>([
        [6, () => this.for(i, depth)],
        [2, () => this.while(i, depth)],
        [3, () => this.endless(i, depth)],
      ]);
    });
    this.inContinuing = before;
    this.loops--;
  }

  /** Returns the bound of a loop: mostly at most 7. */
  private bound(scalar: 'i32' | 'u32'): string {
    const { entropy, make } = this;
    const suffix = scalar[0];
    return entropy.choose<string>([
      [3, () => literal(scalar, entropy.below(7)).code],
      [1, () => `${entropy.below(40)}${suffix}`],
      [3, () => `(${atLeast(make.shaped(shaped(scalar), 1), BINDS.unary)} & 7${suffix})`],
      [1, () => `${scalar}(input.count)`],
    ]);
  }

  private for(i: string, depth: number): void {
    const { entropy } = this;
    const scalar = entropy.pick(['u32', 'i32'] as const);
    const s = scalar[0];
    const type = shaped(scalar);
    const moving = entropy.chance(30) ? this.newName() : undefined;
    if (moving) {
      const start = literal(scalar, entropy.below(8)).code;
      this.declare({ code: moving, type, isWritable: true, space: 'function' }, `var ${moving} = ${start};`);
    }
    const bound = moving ? `(${moving} & 7${s})` : this.bound(scalar);
    const head = entropy.choose<string>([
      [
        5,
        () =>
          `for (var ${i} = 0${s}; ${i} < ${bound}; ${entropy.pick([`${i}++`, `${i} += 1${s}`, `${i} += 2${s}`, `${i} = ${i} + 3${s}`])})`,
      ],
      [1, () => `for (var ${i} = 1${s}; ${i} <= ${bound}; ${i} <<= 1u)`],
      [1, () => `for (var ${i} = ${bound}; ${i} > 0${s}; ${i}--)`],
      [1, () => `for (var ${i} = 2${s}; ${bound} > ${i}; ${i}++)`],
      [1, () => `for (var ${i}: ${scalar} = 0; ${i} != 4; ${i}++)`],
    ]);
    this.make.scope.declare({ code: i, type, isWritable: false });
    this.braces(`${head} `, () => {
      // Passing the counter to a function would prevent the loop from being unrolled.
      this.trace(scalar === 'u32' ? i : '7u');
      // Only a small body may be unrolled.
      const isLight = moving !== undefined && entropy.chance(50);
      if (moving && (isLight || entropy.chance(60)))
        this.lines.push(`${moving} ${entropy.pick(['-=', '+=', '^='])} 1${s};`);
      if (isLight) return;
      if (entropy.chance(40)) this.gather(i, scalar);
      this.armOf(depth);
    });
  }

  /** Makes a sum over memory at indices that change with the loop counter. */
  private gather(i: string, scalar: 'i32' | 'u32'): void {
    const { entropy, make } = this;
    const target = make.part(shaped('u32'), 0, variable => variable.isWritable && !variable.code.includes('['));
    if (!target) return;
    const start = `(${atLeast(make.shaped(shaped('u32'), 1), BINDS.unary)} & 15u)`;
    const index = `${start} + ${scalar === 'u32' ? i : `u32(${i})`} * ${entropy.below(4)}u + ${entropy.below(8)}u`;
    const element = entropy.pick([`u32(xi[${index}])`, `xu[(${index}) / 4u].y`, `u32(abs(xf[${index}]))`]);
    this.lines.push(`${target.code} = ${target.code} * 3u + ${element};`);
  }

  private while(i: string, depth: number): void {
    this.lines.push(`var ${i} = 0u;`);
    this.make.scope.declare({ code: i, type: shaped('u32'), isWritable: false });
    this.braces(
      `while (${i} < ${this.bound('u32')} && ${atLeast(this.make.shaped(shaped('bool'), 1), BINDS.relation)}) `,
      () => {
        this.lines.push(`${i}++;`);
        this.armOf(depth);
      },
    );
  }

  private endless(i: string, depth: number): void {
    const { entropy } = this;
    this.lines.push(`var ${i} = 0u;`);
    this.make.scope.declare({ code: i, type: shaped('u32'), isWritable: false });
    this.braces('loop ', () => {
      this.lines.push(`if (${i} >= ${this.bound('u32')}) { break; }`);
      const hasContinuing = entropy.chance(60);
      if (!hasContinuing) this.lines.push(`${i}++;`);
      this.armOf(depth);
      if (!hasContinuing) return;
      this.braces('continuing ', () => {
        this.inContinuing = true;
        this.lines.push(`${i}++;`);
        this.block(1 + entropy.below(2), 0);
        if (entropy.chance(50)) this.lines.push(`break if ${this.condition()};`);
        this.inContinuing = false;
      });
    });
  }

  private switch(depth: number): void {
    const { entropy, make } = this;
    const scalar = entropy.pick(['i32', 'u32'] as const);
    const selector = atLeast(make.shaped(shaped(scalar), 2), BINDS.unary);
    const cases = [[0], [1, 2], [3], [5, 6, 7]].filter(() => entropy.chance(60));
    const fallback = entropy.below(cases.length + 1);
    const joins = entropy.chance(30);
    this.braces(`switch (${selector} & 7${scalar[0]}) `, () => {
      for (let i = 0; i <= cases.length; i++) {
        const values = cases[i < fallback ? i : i - 1] ?? [];
        const head = i !== fallback ? `case ${values.join(', ')}: ` : joins ? 'case 4, default ' : 'default ';
        this.braces(head, () => {
          const jumps = this.armOf(depth);
          if (!jumps && entropy.chance(20)) this.lines.push(`if (${this.condition()}) { break; }`);
        });
      }
    });
  }

  private callStatement(): void {
    const { entropy, make } = this;
    const { functions } = this.body;
    const code = functions.length > 0 ? make.callOf(entropy.pick(functions), 1) : undefined;
    if (code) this.lines.push(entropy.chance(50) ? `${code};` : `_ = ${code};`);
    else this.assignment();
  }

  /** Makes a pointer to a variable or to a part of one. */
  private pointer(): void {
    const { make, entropy } = this;
    const type = randomType(entropy, this.body.structs, 1);
    // The pointer's indices are evaluated here, where it is made.
    const target = make.part(type, 1, variable => variable.isWritable && variable.type.kind !== 'shaped');
    if (!target || (/\.[xyzw]$/.test(target.code) && type.kind === 'shaped' && type.size === 1)) return;
    const whole = make.scope.all().some(({ code }) => code === target.code);
    if (!whole && type.kind === 'shaped' && type.size === 1) return;
    const name = this.newName();
    this.declare({ code: `(*${name})`, type, isWritable: true }, `let ${name} = &${target.code};`);
  }
}
