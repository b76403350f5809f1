import type { Scope } from './scope.ts';
import type { Statements } from './statements.ts';
import { nameOf, randomType, shaped, type Type } from './types.ts';

/** Makes the body of a kernel with barriers. Either all invocations of a workgroup reach a barrier, or none does. */
export class Phases {
  /** Workgroup variables and functions to declare at module scope. */
  readonly declarations: string[] = [];
  private names = 0;
  /** Expressions of type u32 that are uniform over the workgroup. */
  private readonly uniforms = ['input.count', 'group.x'];

  constructor(
    private readonly statements: Statements,
    /** The number of invocations in a workgroup. */
    private readonly count: number,
  ) {}

  run(count: number): void {
    for (let i = 0; i < count; i++) this.phase(2);
    void (this.statements.make.scope satisfies Scope);
  }

  private push(line: string): void {
    this.statements.lines.push(line);
  }

  private newName(): string {
    return `g${this.names++}`;
  }

  private phase(depth: number): void {
    const { entropy } = this.statements;
    const deeper = depth > 0 ? 1 : 0;
    entropy.choose<void>([
      [5, () => this.statements.statement(2)],
      [4, () => this.exchange()],
      [2, () => this.reduce()],
      [2, () => this.count_()],
      [2, () => this.broadcast()],
      [2, () => this.helper()],
      [3 * deeper, () => this.for(depth - 1)],
      [2 * deeper, () => this.if(depth - 1)],
      [2 * deeper, () => this.loop(depth - 1)],
    ]);
  }

  private block(depth: number): void {
    const { statements } = this;
    const uniforms = this.uniforms.length;
    statements.inScope(() => {
      for (let i = 1 + statements.entropy.below(3); i > 0; i--) this.phase(depth);
    });
    this.uniforms.length = uniforms;
  }

  private workgroupVariable(type: string): string {
    const name = this.newName();
    this.declarations.push(`var<workgroup> ${name}: ${type};`);
    return name;
  }

  private uniform(): string {
    const { entropy } = this.statements;
    const name = entropy.pick(this.uniforms);
    return entropy.choose<string>([
      [3, () => `${entropy.below(5)}u`],
      [3, () => `(${name} & 3u)`],
      [1, () => `((${name} + ${entropy.below(4)}u) % 5u)`],
    ]);
  }

  private uniformCondition(): string {
    const { entropy } = this.statements;
    return `${this.uniform()} ${entropy.pick(['<', '==', '!=', '>='])} ${this.uniform()}`;
  }

  /** Makes each invocation read what another one wrote. */
  private exchange(): void {
    const { statements, count } = this;
    const { entropy, make } = statements;
    const type: Type = entropy.chance(30)
      ? randomType(entropy, statements.body.structs, 1)
      : shaped(entropy.pick(['i32', 'u32', 'f32'] as const));
    const memory = this.workgroupVariable(`array<${nameOf(type)}, ${count}>`);
    this.push(`${memory}[lane] = ${make.value(type, 2).code};`);
    this.push(
      entropy.pick(['workgroupBarrier();', 'workgroupBarrier();', '{ storageBarrier(); workgroupBarrier(); }']),
    );
    const code = statements.newName();
    const from = entropy.pick([
      `(lane + ${entropy.below(5)}u) % ${count}u`,
      `${count - 1}u - lane`,
      `lane ^ (lane & ${entropy.below(4)}u)`,
    ]);
    statements.declare({ code, type, isWritable: true, space: 'function' }, `var ${code} = ${memory}[${from}];`);
    this.push('workgroupBarrier();');
  }

  /** Makes a tree reduction with an operator whose order does not matter. */
  private reduce(): void {
    const { statements, count } = this;
    const { entropy, make } = statements;
    const size = 2 ** Math.ceil(Math.log2(count));
    const memory = this.workgroupVariable(`array<i32, ${size}>`);
    const operator = entropy.pick(['+', '^', '|', '&']);
    const stride = this.newName();
    this.push(`${memory}[lane] = ${make.value(shaped('i32'), 2).code};`);
    this.push('workgroupBarrier();');
    this.push(`for (var ${stride} = ${size >> 1}u; ${stride} > 0u; ${stride} ${entropy.pick(['>>= 1u', '/= 2u'])}) {`);
    this.push(`if (lane < ${stride}) { ${memory}[lane] ${operator}= ${memory}[lane + ${stride}]; }`);
    this.push('workgroupBarrier();\n}');
    const code = statements.newName();
    statements.declare({ code, type: shaped('i32'), isWritable: false }, `let ${code} = ${memory}[0];`);
    this.push('workgroupBarrier();');
  }

  /** Makes atomic operations whose order does not affect the result. */
  private count_(): void {
    const { statements } = this;
    const { entropy, make } = statements;
    const scalar = entropy.pick(['u32', 'i32'] as const);
    const memory = this.workgroupVariable(`array<atomic<${scalar}>, 3>`);
    const operation = entropy.pick(['Add', 'Sub', 'Max', 'Min', 'And', 'Or', 'Xor']);
    const index = make.index(3, 1).code;
    const call = `atomic${operation}(&${memory}[${index}], ${make.value(shaped(scalar), 2).code});`;
    this.push(entropy.chance(50) ? `if (${make.shaped(shaped('bool'), 1).code}) { ${call} }` : call);
    this.push('workgroupBarrier();');
    const code = statements.newName();
    statements.declare(
      { code, type: shaped(scalar), isWritable: false },
      `let ${code} = atomicLoad(&${memory}[${make.index(3, 1).code}]);`,
    );
    this.push('workgroupBarrier();');
  }

  /** Broadcasts one invocation's value to all, which makes it usable in uniform control flow. */
  private broadcast(): void {
    const { statements, count } = this;
    const { entropy, make } = statements;
    const memory = this.workgroupVariable('u32');
    this.push(`if (lane == ${entropy.below(count)}u) { ${memory} = ${make.value(shaped('u32'), 2).code}; }`);
    const code = statements.newName();
    statements.declare(
      { code, type: shaped('u32'), isWritable: false },
      `let ${code} = workgroupUniformLoad(&${memory});`,
    );
    this.uniforms.push(code);
  }

  /** Makes a function with barriers, and a call of it. */
  private helper(): void {
    const { statements, count } = this;
    const { entropy, make } = statements;
    const memory = this.workgroupVariable(`array<u32, ${count}>`);
    const name = this.newName();
    const returns = entropy.chance(50);
    const result = returns ? 'return before + next;' : '*into = before + next;';
    const parameters = returns ? 'lane: u32, value: u32' : 'lane: u32, value: u32, into: ptr<function, u32>';
    const early = entropy.chance(30) ? `if (input.count == 3u) { ${returns ? 'return value;' : 'return;'} }` : '';
    this.declarations.push(`fn ${name}(${parameters})${returns ? ' -> u32' : ''} {
let before = value * 3u + lane;
${early}
workgroupBarrier();
${memory}[lane] = before;
workgroupBarrier();
let next = ${memory}[(lane + 1u) % ${count}u];
${result}
}`);
    const code = statements.newName();
    const value = make.value(shaped('u32'), 2).code;
    const variable = { code, type: shaped('u32'), isWritable: true, space: 'function' } as const;
    if (returns) statements.declare(variable, `var ${code} = ${name}(lane, ${value});`);
    else {
      statements.declare(variable, `var ${code} = 0u;`);
      this.push(`${name}(lane, ${value}, &${code});`);
    }
  }

  private for(depth: number): void {
    const { statements } = this;
    const { entropy } = statements;
    const i = this.newName();
    statements.inScope(() => {
      this.push(`for (var ${i} = 0u; ${i} < ${this.uniform()}; ${entropy.pick([`${i}++`, `${i} += 2u`])}) {`);
      statements.make.scope.declare({ code: i, type: shaped('u32'), isWritable: false });
      this.looped(i, depth);
      this.push('}');
    });
  }

  private looped(i: string, depth: number): void {
    const { entropy } = this.statements;
    const uniforms = this.uniforms.length;
    this.uniforms.push(i);
    this.statements.trace(i);
    this.block(depth);
    if (entropy.chance(30)) this.push(`if (${this.uniformCondition()}) { ${entropy.pick(['break;', 'continue;'])} }`);
    this.block(depth);
    this.uniforms.length = uniforms;
  }

  private loop(depth: number): void {
    const { statements } = this;
    const { entropy } = statements;
    const i = this.newName();
    this.push(`var ${i} = 0u;\nloop {\nif (${i} >= ${1 + entropy.below(3)}u) { break; }`);
    statements.inScope(() => {
      statements.make.scope.declare({ code: i, type: shaped('u32'), isWritable: false });
      this.looped(i, depth);
    });
    const last = entropy.chance(40) ? ` break if ${this.uniformCondition()};` : '';
    this.push(`continuing { ${entropy.chance(30) ? 'workgroupBarrier(); ' : ''}${i}++;${last} }\n}`);
  }

  private if(depth: number): void {
    const { statements } = this;
    const { entropy } = statements;
    if (entropy.chance(30)) {
      this.push(`switch (${this.uniform()}) {\ncase 0, 1: {`);
      this.block(depth);
      this.push('}\ndefault: {');
      this.block(depth);
      this.push('}\n}');
      return;
    }
    this.push(`if (${this.uniformCondition()}) {`);
    this.block(depth);
    if (entropy.chance(50)) {
      this.push('} else {');
      this.block(depth);
    }
    this.push('}');
  }
}
