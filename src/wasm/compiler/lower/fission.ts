import { I32, type Type, VOID } from '../check/types.ts';
import { fail, type Position } from '../errors.ts';
import type { Node } from '../ir/node.ts';
import type { Assign, Call, Declaration, Expression, For, FunctionDeclaration, Loop, Statement } from '../parse/ast.ts';
import { containsBarrier, isBarrier } from './barriers.ts';
import type { Context, Jumps, Label } from './context.ts';
import { lowerCondition, lowerExpression, lowerInitializer } from './expressions.ts';
import { branch, jumpTo, labelled, loop, newLabel } from './flow.ts';
import type { Invocation, InvocationLoops } from './invocations.ts';
import { type KeptVariable, KeptVariables } from './kept_variables.ts';
import { load, type MemoryReference, slotsFor, store } from './references.ts';
import { Scope, type Slot } from './scope.ts';
import { lowerStatement } from './statements.ts';
import { resolveType } from './type_expressions.ts';
import { type Value, zeroValue } from './values.ts';

/** Why an invocation left a part early; all invocations do, or none. */
const EXITS = { return: 1, break: 2, continue: 3 } as const;
type Exit = keyof typeof EXITS;

/**
 * Lowers a kernel with barriers by loop fission: its statements are cut at the barriers, and each part runs for all
 * invocations of the workgroup before the next. What holds a barrier itself (blocks, ifs, loops, functions) runs once per
 * workgroup: WGSL allows barriers only where all invocations come or none does.
 *
 * Source: Jääskeläinen et al. 2015, pocl: a performance-portable OpenCL implementation.
 */
export class Fission {
  private readonly kept: KeptVariables;
  private invocation: Invocation;
  private jumps: Jumps = {};
  private returnTo!: Label;
  private callDepth = 0;
  /** Of the part that is lowered, or of what stands between parts. */
  private partNumber = 0;
  /** Variables that the part declares. */
  private declared: { variable: KeptVariable; memory: MemoryReference }[] = [];

  constructor(
    private readonly context: Context,
    private readonly loops: InvocationLoops,
  ) {
    this.invocation = loops.first;
    this.kept = new KeptVariables(context, loops);
  }

  /** The body of the entry point, for one workgroup. */
  run(entry: FunctionDeclaration, inputs: (invocation: Invocation) => ReadonlyMap<string, Value>): void {
    const { context } = this;
    context.inScope(() => {
      for (const parameter of entry.parameters) {
        const value = () => inputs(this.invocation).get(parameter.name)!;
        context.declare(parameter.name, { kind: 'lazy', value }, parameter.position);
      }
      this.keepPrivateVariables();
      this.body(entry);
    }, new Scope(context.globals));
  }

  private keepPrivateVariables(): void {
    const { context } = this;
    const { globals } = context;
    globals.resolvePrivateVariables();
    const variables = globals.privateVariables.map(({ declaration, type }) => {
      const variable = this.kept.keep(declaration, type);
      globals.rebind(declaration.name, this.kept.bindingOf(variable));
      return { variable, declaration, type };
    });
    if (variables.length === 0) return;
    this.part([], () => {
      for (const { variable, declaration, type } of variables) {
        const value = declaration.init
          ? lowerInitializer(context, declaration.init, type)
          : zeroValue(context.b, type, declaration.position);
        store(context, variable.current, value);
      }
    });
  }

  private body({ body }: FunctionDeclaration): void {
    const outer = { returnTo: this.returnTo, jumps: this.jumps };
    const end = newLabel(this.context);
    this.returnTo = end;
    this.jumps = {};
    labelled(this.context, end, () => this.statements(body.statements));
    Object.assign(this, outer);
  }

  /** Parts without barriers run for all invocations; the others are looked into. */
  private statements(statements: readonly Statement[]): void {
    let part: Statement[] = [];
    const flush = () => {
      if (part.length > 0) this.part(part);
      part = [];
    };
    for (const statement of statements) {
      if (!this.context.isReachable) return;
      if (!containsBarrier(this.context, statement)) part.push(statement);
      else {
        flush();
        if (this.context.isReachable) this.statement(statement);
      }
    }
    flush();
  }

  private statement(statement: Statement): void {
    const { context } = this;
    switch (statement.kind) {
      case 'block':
        context.inScope(() => this.statements(statement.statements));
        return;
      case 'if':
        branch(
          context,
          this.condition(statement.condition),
          () => this.statement(statement.then),
          () => statement.otherwise && this.statement(statement.otherwise),
        );
        return;
      case 'for':
        this.for(statement);
        return;
      case 'loop':
        this.loop(statement);
        return;
      case 'call-statement':
        this.call(statement.call);
        return;
      case 'declaration':
      case 'assign':
        this.uniformLoad(statement);
        return;
      default:
        fail(statement.position, `a barrier inside of a '${statement.kind}' is not supported`);
    }
  }

  private call(call: Call): void {
    const { context } = this;
    const { callee, position } = call;
    const binding = context.scope.find(callee.name);
    if (binding?.kind !== 'function') {
      if (!isBarrier(callee.name)) fail(position, `a barrier inside of the arguments of '${callee.name}'`);
      return;
    }
    const { declaration } = binding;
    if (declaration.returnType)
      fail(position, `'${callee.name}' waits at a barrier and returns a value: not supported`);
    if (this.callDepth > 32) fail(position, `'${callee.name}' calls itself`);
    if (call.args.length !== declaration.parameters.length)
      fail(position, `'${callee.name}' takes ${declaration.parameters.length} arguments, got ${call.args.length}`);
    const scope = new Scope(context.globals);
    declaration.parameters.forEach((parameter, i) => {
      const type = resolveType(context, parameter.type);
      scope.set(parameter.name, this.keepValue(parameter.name, call.args[i]!, type));
    });
    this.callDepth++;
    context.inScope(() => this.body(declaration), scope);
    this.callDepth--;
  }

  /** `let x = workgroupUniformLoad(p)` and the like: one value for all. */
  private uniformLoad(statement: Declaration | Assign): void {
    const { context } = this;
    const call = statement.kind === 'declaration' ? statement.init : statement.value;
    if (call?.kind !== 'call' || call.callee.name !== 'workgroupUniformLoad' || call.args.length !== 1)
      fail(statement.position, 'a barrier inside of an expression is not supported');
    const value = this.forFirst(() => {
      const pointer = lowerExpression(context, call.args[0]!);
      if (pointer.kind !== 'pointer' || pointer.reference.space !== 'workgroup')
        return fail(call.position, "'workgroupUniformLoad' takes a pointer to workgroup memory");
      return load(context, pointer.reference);
    });
    if (statement.kind === 'declaration' && statement.keyword === 'let') {
      context.declare(statement.name, { kind: 'value', value }, statement.position);
      return;
    }
    const name = '(uniform value)';
    context.inScope(() => {
      context.declare(name, { kind: 'value', value }, statement.position);
      const source: Expression = { kind: 'name', name, position: statement.position };
      if (statement.kind === 'assign') this.part([{ ...statement, value: source }]);
      else fail(statement.position, "'workgroupUniformLoad' gives a 'let' its value, or is assigned");
    });
  }

  private for({ init, condition, step, body }: For): void {
    const { context } = this;
    context.inScope(() => {
      if (init) this.statements([init]);
      loop(context, {
        slots: [],
        condition: condition && (() => this.condition(condition)),
        body: exit => {
          this.loopBody(exit, () => this.statement(body));
          if (step && context.isReachable) this.statements([step]);
        },
      });
    });
  }

  private loop({ body, continuing, breakIf }: Loop): void {
    const { context } = this;
    loop(context, {
      slots: [],
      body: exit => {
        context.inScope(() => {
          this.loopBody(exit, () => this.statements(body.statements));
          if (continuing && context.isReachable) this.statements(continuing.statements);
          if (breakIf && context.isReachable)
            branch(
              context,
              this.condition(breakIf),
              () => jumpTo(context, exit),
              () => {},
            );
        });
      },
    });
  }

  private loopBody(exit: Label, body: () => void): void {
    const { context } = this;
    const outer = this.jumps;
    const next = newLabel(context);
    this.jumps = { breakTo: () => jumpTo(context, exit), continueTo: () => jumpTo(context, next) };
    labelled(context, next, body);
    this.jumps = outer;
  }

  /** A condition around a barrier is the same for all invocations: the first one's counts. */
  private condition(expression: Expression): Node {
    const { region } = this.context.b;
    const before = region.statements.length;
    const node = this.forFirst(() => lowerCondition(this.context, expression));
    for (const one of region.statements.slice(before))
      if (one.kind !== 'eval' || one.node.op.includes('rmw'))
        fail(expression.position, 'a condition around a barrier may only read');
    return node;
  }

  private forFirst<Result>(body: () => Result): Result {
    this.enter(this.loops.first);
    return body();
  }

  private enter(invocation: Invocation): void {
    this.invocation = invocation;
    this.kept.enter(invocation);
  }

  /** Runs statements for every invocation; what they declare is kept. */
  private part(statements: readonly Statement[], before: () => void = () => {}): void {
    const { context } = this;
    const { b } = context;
    const exit: Slot = { name: 'exit', kind: 'i32', type: I32 };
    const used = new Set<Exit>();
    context.write(exit, b.i32(0));
    this.loops.each([exit], invocation => {
      this.enter(invocation);
      const slots = this.kept.promote();
      this.declared = [];
      this.partNumber++;
      const end = newLabel(context);
      const leave = (how: Exit) => () => {
        used.add(how);
        context.write(exit, b.i32(EXITS[how]));
        jumpTo(context, end);
      };
      labelled(context, end, () => {
        const outer = { frame: context.frame, jumps: context.jumps };
        context.frame = { returnType: VOID, label: end, results: [], beforeReturn: leave('return') };
        context.jumps = {
          breakTo: this.jumps.breakTo && leave('break'),
          continueTo: this.jumps.continueTo && leave('continue'),
        };
        before();
        for (const statement of statements) if (context.isReachable) this.partStatement(statement);
        if (context.isReachable)
          for (const { variable, memory } of this.declared) store(context, memory, load(context, variable.current));
        Object.assign(context, outer);
      });
      for (const promoted of slots) promoted.writeBack();
    });
    this.partNumber++;
    this.enter(this.loops.first);
    this.leavePart(context.isReachable ? context.read(exit) : b.i32(0), used);
    context.env?.delete(exit);
  }

  private leavePart(exit: Node, used: ReadonlySet<Exit>): void {
    const { context } = this;
    const { b } = context;
    const targets: Record<Exit, (() => void) | undefined> = {
      return: () => jumpTo(context, this.returnTo),
      break: this.jumps.breakTo,
      continue: this.jumps.continueTo,
    };
    for (const how of used) {
      const isIt = b.op('i32.eq', exit, b.i32(EXITS[how]));
      branch(context, isIt, targets[how]!, () => {});
    }
  }

  /** Declarations outlive the part; all else is as anywhere. */
  private partStatement(statement: Statement): void {
    const { context } = this;
    if (statement.kind !== 'declaration' || statement.keyword === 'const') {
      lowerStatement(context, statement);
      return;
    }
    const { name, keyword, init, position } = statement;
    const type = statement.type && resolveType(context, statement.type);
    if (keyword === 'let') {
      context.declare(name, this.keepValue(name, init!, type), position);
      return;
    }
    const value = init
      ? lowerInitializer(context, init, type)
      : zeroValue(context.b, type ?? fail(position, `'${name}' needs a type or a value`), position);
    const variable = this.kept.keep(statement, value.type);
    context.declare(name, this.kept.bindingOf(variable), position);
    if (!context.inMemory.has(statement)) {
      // Where the part is left early, no one reads it any more: it is out of scope.
      this.declared.push({ variable, memory: this.kept.memoryOf(variable) });
      const slots = slotsFor(name, value.type);
      variable.current = { kind: 'slots', type: value.type, space: 'function', slots, declaration: statement };
    }
    store(context, variable.current, value);
  }

  /** A value that later parts read: worked out anew where nothing can have changed it, else kept. */
  private keepValue(name: string, init: Expression, type: Type | undefined) {
    const { context } = this;
    const { scope } = context;
    const evaluate = () => context.inScope(() => lowerInitializer(context, init, type), scope);
    const position: Position = init.position;
    if (init.kind === 'unary' && init.operator === '&') {
      if (!this.isStablePlace(init.operand))
        fail(position, 'a pointer kept across barriers has an index that may change');
      return { kind: 'lazy', value: evaluate } as const;
    }
    if (this.isStable(init)) return { kind: 'lazy', value: evaluate } as const;
    const declaration: Declaration = { kind: 'declaration', keyword: 'let', name, attributes: [], position };
    const inPart = context.frame?.beforeReturn !== undefined;
    let variable!: KeptVariable;
    let saved!: { part: number; value: Value };
    const save = () => {
      const value = evaluate();
      if (value.kind === 'pointer') fail(position, 'a pointer is not kept across barriers');
      variable = this.kept.keep(declaration, value.type);
      store(context, variable.current, value);
      saved = { part: this.partNumber, value };
    };
    if (inPart) save();
    else this.part([], save);
    const value = () => (this.partNumber === saved.part ? saved.value : load(context, variable.current));
    return { kind: 'lazy', value } as const;
  }

  /** Whether what `&` takes stays the same place. */
  private isStablePlace(expression: Expression): boolean {
    switch (expression.kind) {
      case 'name':
        return true;
      case 'member':
        return this.isStablePlace(expression.base);
      case 'index':
        return this.isStablePlace(expression.base) && this.isStable(expression.index);
      case 'unary':
        return this.isStablePlace(expression.operand);
      default:
        return false;
    }
  }

  /** Whether an expression gives the same whenever it is evaluated: it reads no variable, and no memory that is written. */
  private isStable(expression: Expression): boolean {
    const { context } = this;
    const inner = (one: Expression) => this.isStable(one);
    switch (expression.kind) {
      case 'literal':
        return true;
      case 'name': {
        const binding = context.scope.find(expression.name);
        if (binding?.kind === 'variable') return binding.reference.kind === 'memory' && binding.reference.isReadOnly;
        return binding?.kind === 'value' || binding?.kind === 'lazy' || binding?.kind === 'type';
      }
      case 'unary':
        return expression.operator !== '*' && inner(expression.operand);
      case 'binary':
        return inner(expression.left) && inner(expression.right);
      case 'member':
        return inner(expression.base);
      case 'index':
        return inner(expression.base) && inner(expression.index);
      case 'call': {
        const isOwn = context.scope.find(expression.callee.name)?.kind === 'function';
        return !isOwn && !expression.callee.name.startsWith('atomic') && expression.args.every(inner);
      }
    }
  }
}
