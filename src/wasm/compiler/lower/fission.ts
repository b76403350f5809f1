import { I32, type Type, VOID } from '../check/types.ts';
import { fail, type Position } from '../errors.ts';
import type { Node } from '../ir/node.ts';
import type { Declaration, Expression, For, FunctionDeclaration, Loop, Statement, Switch } from '../parse/ast.ts';
import { containsBarrier } from './barriers.ts';
import type { Context, Jumps, Label } from './context.ts';
import { lowerCondition, lowerInitializer } from './expressions.ts';
import { branch, jumpTo, labelled, loop, newLabel } from './flow.ts';
import type { Invocation, InvocationLoops } from './invocations.ts';
import { type KeptVariable, KeptVariables } from './kept_variables.ts';
import { load, type MemoryReference, slotsFor, store } from './references.ts';
import { Scope, type Slot } from './scope.ts';
import { isStable } from './stability.ts';
import { lowerStatement, lowerSwitch } from './statements.ts';
import { resolveType } from './type_expressions.ts';
import { type Value, zeroValue } from './values.ts';
import { type Invoked, Waiting } from './waiting.ts';

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
  /** What the function at hand returns. */
  private result: KeptVariable | undefined;
  private callDepth = 0;
  private readonly waiting: Waiting;
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
    this.waiting = new Waiting(context, this);
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
      if (result && context.isReachable) fail(position, `'${name}' may end without a return`);
    });
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
        fail(statement.position, `a barrier inside of a '${statement.kind}' is not supported`);
    }
  }

  /** Runs a function of the shader that waits at a barrier; gives the variable that its value is in. */
  invoke({ declaration, args, position }: Invoked): KeptVariable | undefined {
    const { context } = this;
    const { name, parameters, returnType } = declaration;
    if (this.callDepth > 32) fail(position, `'${name}' calls itself`);
    if (args.length !== parameters.length)
      fail(position, `'${name}' takes ${parameters.length} arguments, got ${args.length}`);
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

  /** A condition around a barrier is the same for all invocations: the first one's counts. */
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
        fail(expression.position, 'a condition around a barrier may only read');
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

  /** Runs statements for every invocation; what they declare is kept. */
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
  keepValue(name: string, init: Expression, type: Type | undefined) {
    const { context } = this;
    const { scope } = context;
    const evaluateOf = (one: Expression) => context.inScope(() => lowerInitializer(context, one, type), scope);
    const evaluate = () => evaluateOf(init);
    const position: Position = init.position;
    if (init.kind === 'unary' && init.operator === '&') {
      // The indices are kept, and the place is found by them anew.
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
}
