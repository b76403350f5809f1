import { fail, type Position } from '../../interface/compile_error.ts';
import { I32, type Type, VOID } from '../check/types.ts';
import type { Node } from '../ir/node.ts';
import type { Declaration, Expression, For, FunctionDeclaration, Loop, Statement, Switch } from '../parse/ast.ts';
import { containsBarrier } from './analysis/barriers.ts';
import { isStable } from './analysis/stability.ts';
import { lowerCondition, lowerInitializer } from './expressions.ts';
import type { Invocation, InvocationLoops } from './invocations.ts';
import { type KeptVariable, KeptVariables } from './kept_variables.ts';
import type { Context, Jumps, Label } from './state/context.ts';
import { branch, jumpTo, labelled, loop, newLabel } from './state/flow.ts';
import { load, slotsFor, store } from './state/references.ts';
import { Scope } from './state/scope.ts';
import { lowerStatement, lowerSwitch } from './statements.ts';
import { resolveType } from './type_expressions.ts';
import type { MemoryReference, Slot } from './values/reference.ts';
import { type Value, zeroValue } from './values/values.ts';
import { type Invoked, Waiting } from './waiting.ts';

/**
 * The ways in which an invocation can leave a part (see `Fission`) before the part's end. The lowering assumes that
 * either all invocations leave a part in the same way, or none leaves it early.
 */
const EXITS = { return: 1, break: 2, continue: 3 } as const;
type Exit = keyof typeof EXITS;

/**
 * Lowers a kernel with barriers by loop fission. Splits its statements at the barriers into parts. Each part runs for
 * all invocations of the workgroup before the next part starts. A statement that contains a barrier (a block, if, loop
 * or function call) is not in a part: it runs once per workgroup, because WGSL requires that either all invocations
 * reach a barrier or none does.
 *
 * Source: Jääskeläinen et al. 2015, pocl: a performance-portable OpenCL implementation.
 */
export class Fission {
  private readonly kept: KeptVariables;
  private invocation: Invocation;
  private jumps: Jumps = {};
  private returnTo!: Label;
  /** The variable for the current function's return value. */
  private result: KeptVariable | undefined;
  private callDepth = 0;
  private readonly waiting: Waiting;
  /**
   * Changes whenever the lowering enters or leaves a part. A value belongs to the current part if this number was the
   * same when the value was computed.
   */
  private partNumber = 0;
  /** Variables that the current part declares, with the memory in which later parts find them. */
  private declared: { variable: KeptVariable; memory: MemoryReference }[] = [];

  constructor(
    private readonly context: Context,
    private readonly loops: InvocationLoops,
  ) {
    this.invocation = loops.first;
    this.kept = new KeptVariables(context, loops);
    this.waiting = new Waiting(context, this);
  }

  /** Lowers the entry point's body for one workgroup. */
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
      const variable = this.kept.keep(declaration, type, 'private');
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

  private body({ name, body, position }: FunctionDeclaration, result?: KeptVariable): void {
    const { context } = this;
    const outer = { returnTo: this.returnTo, jumps: this.jumps, result: this.result };
    const end = newLabel(context);
    this.returnTo = end;
    this.jumps = {};
    this.result = result;
    labelled(context, end, () => {
      this.statements(body.statements);
      if (result && context.isReachable) fail(position, `'${name}' may end without returning a value`);
    });
    Object.assign(this, outer);
  }

  /** Lowers statements. Groups consecutive statements without barriers into parts, and splits the other statements. */
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
      case 'switch':
        this.switch(statement);
        return;
      case 'call-statement':
        this.waiting.call(statement.call);
        return;
      case 'declaration':
        this.part([{ ...statement, init: this.waiting.hoist(statement.init!) }]);
        return;
      case 'return':
        this.part([{ ...statement, value: this.waiting.hoist(statement.value!) }]);
        return;
      case 'assign':
        this.part([this.waiting.hoistAssign(statement)]);
        return;
      default:
        fail(statement.position, `a barrier in a '${statement.kind}' is not supported`);
    }
  }

  /** Lowers a call of a shader function that contains a barrier. Returns the variable that contains the result. */
  invoke({ declaration, args, position }: Invoked): KeptVariable | undefined {
    const { context } = this;
    const { name, parameters, returnType } = declaration;
    if (this.callDepth > 32) fail(position, `'${name}' calls itself`);
    if (args.length !== parameters.length)
      fail(position, `wrong number of arguments to '${name}': expected ${parameters.length}, got ${args.length}`);
    const scope = new Scope(context.globals);
    parameters.forEach((parameter, i) => {
      const type = resolveType(context, parameter.type);
      scope.set(parameter.name, this.keepValue(parameter.name, args[i]!, type));
    });
    const type = returnType && resolveType(context, returnType);
    const result =
      type && this.kept.keep({ kind: 'declaration', keyword: 'var', name, attributes: [], position }, type);
    this.callDepth++;
    context.inScope(() => this.body(declaration, result), scope);
    this.callDepth--;
    return result;
  }

  private switch(statement: Switch): void {
    const { context } = this;
    const selector = this.waiting.hoist(statement.selector);
    lowerSwitch(context, statement, {
      selector: () => this.uniform(selector, () => lowerInitializer(context, selector, undefined)),
      body: (block, end) => {
        const outer = this.jumps;
        this.jumps = { ...outer, breakTo: () => jumpTo(context, end) };
        this.statement(block);
        this.jumps = outer;
      },
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

  /**
   * Lowers the condition of a statement that contains a barrier. The condition has the same value for all invocations,
   * so only the first invocation evaluates it.
   */
  private condition(expression: Expression): Node {
    const condition = this.waiting.hoist(expression);
    return this.uniform(condition, () => lowerCondition(this.context, condition));
  }

  private uniform<Result>(expression: Expression, lower: () => Result): Result {
    const { region } = this.context.b;
    const before = region.statements.length;
    const result = this.forFirst(lower);
    for (const one of region.statements.slice(before))
      if (one.kind !== 'eval' || one.node.op.includes('rmw'))
        fail(expression.position, 'a condition around a barrier must not have side effects');
    return result;
  }

  forFirst<Result>(body: () => Result): Result {
    this.enter(this.loops.first);
    return body();
  }

  private enter(invocation: Invocation): void {
    this.invocation = invocation;
    this.kept.enter(invocation);
  }

  /** Lowers statements as a part, which runs for every invocation. Keeps the variables that the statements declare. */
  private part(statements: readonly Statement[], before: () => void = () => {}): void {
    const { context } = this;
    const { b } = context;
    const exit: Slot = { name: 'exit', kind: 'i32', type: I32 };
    const used = new Set<Exit>();
    let completes = false;
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
        const { type = VOID, current = undefined } = this.result ?? {};
        const results = current?.kind === 'slots' ? current.slots : [];
        context.frame = { returnType: type, label: end, results, beforeReturn: leave('return') };
        context.jumps = {
          breakTo: this.jumps.breakTo && leave('break'),
          continueTo: this.jumps.continueTo && leave('continue'),
        };
        before();
        for (const statement of statements) if (context.isReachable) this.partStatement(statement);
        completes ||= context.isReachable;
        if (context.isReachable)
          for (const { variable, memory } of this.declared) store(context, memory, load(context, variable.current));
        Object.assign(context, outer);
      });
      for (const promoted of slots) promoted.writeBack();
    });
    this.partNumber++;
    this.enter(this.loops.first);
    this.leavePart(context.isReachable ? context.read(exit) : b.i32(0), [...used], completes);
    context.env?.delete(exit);
  }

  private leavePart(exit: Node, used: readonly Exit[], completes: boolean): void {
    const { context } = this;
    const { b } = context;
    const targets: Record<Exit, (() => void) | undefined> = {
      return: () => jumpTo(context, this.returnTo),
      break: this.jumps.breakTo,
      continue: this.jumps.continueTo,
    };
    for (const [i, how] of used.entries()) {
      if (!completes && i === used.length - 1) {
        targets[how]!();
        return;
      }
      const isIt = b.op('i32.eq', exit, b.i32(EXITS[how]));
      branch(context, isIt, targets[how]!, () => {});
    }
  }

  /** Lowers a statement of a part. Variables that it declares stay available to later parts. */
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
      : zeroValue(context.b, type ?? fail(position, `'${name}' needs a type or an initializer`), position);
    const variable = this.kept.keep(statement, value.type);
    context.declare(name, this.kept.bindingOf(variable), position);
    if (!context.inMemory.has(statement)) {
      // If the invocations leave the part early, the variable is out of scope and need not be written to memory.
      this.declared.push({ variable, memory: this.kept.memoryOf(variable) });
      const slots = slotsFor(name, value.type);
      variable.current = { kind: 'slots', type: value.type, space: 'function', slots, declaration: statement };
    }
    store(context, variable.current, value);
  }

  /**
   * Makes a value available to later parts. If nothing can change the value, they compute it again. Otherwise they load
   * it from memory.
   */
  keepValue(name: string, init: Expression, type: Type | undefined) {
    const { context } = this;
    const { scope } = context;
    const evaluateOf = (one: Expression) => context.inScope(() => lowerInitializer(context, one, type), scope);
    const evaluate = () => evaluateOf(init);
    const position: Position = init.position;
    if (init.kind === 'unary' && init.operator === '&') {
      // In `&a[i].b[j]`, the values of i and j are kept. Each use of the pointer computes the address from them again.
      const pointer = { ...init, operand: this.waiting.placeOf(init.operand) };
      const value = () => evaluateOf(pointer);
      return { kind: 'lazy', value, pointer: value } as const;
    }
    const copied = init.kind === 'name' ? scope.find(init.name) : undefined;
    if (copied?.kind === 'lazy' && copied.pointer) return copied;
    if (isStable(context, init)) return { kind: 'lazy', value: evaluate } as const;
    const declaration: Declaration = { kind: 'declaration', keyword: 'let', name, attributes: [], position };
    const inPart = context.frame?.beforeReturn !== undefined;
    let variable!: KeptVariable;
    let saved!: { part: number; value: Value };
    const save = () => {
      const value = evaluate();
      if (value.kind === 'pointer') fail(position, 'a pointer whose target may change cannot be kept across barriers');
      variable = this.kept.keep(declaration, value.type);
      store(context, variable.current, value);
      saved = { part: this.partNumber, value };
    };
    if (inPart) save();
    else this.part([], save);
    const value = () => (this.partNumber === saved.part ? saved.value : load(context, variable.current));
    return { kind: 'lazy', value } as const;
  }
}
