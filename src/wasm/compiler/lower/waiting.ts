import { fail, type Position } from '../../interface/compile_error.ts';
import type { Assign, Call, Expression, FunctionDeclaration, Name } from '../parse/ast.ts';
import { containsBarrier, isBarrier } from './analysis/barriers.ts';
import { isStable } from './analysis/stability.ts';
import { lowerExpression } from './expressions.ts';
import type { KeptVariable } from './kept_variables.ts';
import type { Context } from './state/context.ts';
import { load } from './state/references.ts';
import type { Binding } from './state/scope.ts';

/** A call of a shader function. */
export interface Invoked {
  readonly declaration: FunctionDeclaration;
  readonly args: readonly Expression[];
  readonly position: Position;
}

/** The operations of `Fission` that hoisting needs. */
interface Parts {
  invoke(call: Invoked): KeptVariable | undefined;
  keepValue(name: string, init: Expression, type: undefined): Binding;
  forFirst<Result>(body: () => Result): Result;
}

/** Hoists calls that wait at a barrier out of expressions: each runs before the statement that contains it. */
export class Waiting {
  private names = 0;

  constructor(
    private readonly context: Context,
    private readonly parts: Parts,
  ) {}

  /** Replaces calls that wait with names of their results. Operands evaluated before such a call keep their values. */
  hoist(expression: Expression): Expression {
    if (!containsBarrier(this.context, expression)) return expression;
    switch (expression.kind) {
      case 'call': {
        const args = this.inOrder(expression.args);
        return this.waits(expression) ? this.valueOf({ ...expression, args }) : { ...expression, args };
      }
      case 'binary': {
        const { operator, left, right, position } = expression;
        if ((operator === '&&' || operator === '||') && containsBarrier(this.context, right))
          return fail(position, `a barrier in the right operand of '${operator}' is not supported`);
        const [x, y] = this.inOrder([left, right]);
        return { ...expression, left: x!, right: y! };
      }
      case 'unary':
        return { ...expression, operand: this.hoist(expression.operand) };
      case 'member':
        return { ...expression, base: this.hoist(expression.base) };
      case 'index': {
        // The base is read only after the index is evaluated.
        const { base, index } = expression;
        if (!containsBarrier(this.context, base)) return { ...expression, index: this.hoist(index) };
        const [x, y] = this.inOrder([base, index]);
        return { ...expression, base: x!, index: y! };
      }
      default:
        return expression;
    }
  }

  /** Hoists an assignment's value. The target is located (and read, for compound assignments such as `+=`) before that value. */
  hoistAssign(assign: Assign): Assign {
    const { target, operator, value, position } = assign;
    if (!target) return { ...assign, value: this.hoist(value) };
    if (containsBarrier(this.context, target))
      fail(position, 'a barrier in the target of an assignment is not supported');
    const place = this.placeOf(target);
    if (!operator) return { ...assign, target: place, value: this.hoist(value) };
    const sum = this.hoist({ kind: 'binary', operator, left: place, right: value, position });
    return { kind: 'assign', target: place, value: sum, position };
  }

  /** Lowers a call statement. */
  call(call: Call): void {
    const args = this.inOrder(call.args);
    const declaration = this.functionOf(call);
    if (declaration) this.parts.invoke({ declaration, args, position: call.position });
    else if (!isBarrier(call.callee.name))
      fail(call.position, `a barrier in the arguments of '${call.callee.name}' is not supported`);
    else if (call.callee.name === 'workgroupUniformLoad') this.valueOf({ ...call, args });
  }

  private waits(call: Call): boolean {
    const declaration = this.functionOf(call);
    return declaration ? containsBarrier(this.context, declaration.body) : isBarrier(call.callee.name);
  }

  private functionOf({ callee }: Call): FunctionDeclaration | undefined {
    const binding = this.context.scope.find(callee.name);
    return binding?.kind === 'function' ? binding.declaration : undefined;
  }

  /** Hoists expressions that are evaluated in order. Those before the last one that waits keep their values. */
  private inOrder(expressions: readonly Expression[]): Expression[] {
    const { context } = this;
    const last = expressions.findLastIndex(one => containsBarrier(context, one));
    return expressions.map((one, i) => {
      if (i > last || isStable(context, one)) return one;
      return containsBarrier(context, one) ? this.hoist(one) : this.kept(one);
    });
  }

  private kept(expression: Expression): Expression {
    return this.named(this.parts.keepValue(this.newName(), expression, undefined), expression.position);
  }

  /** Returns an expression for the same target whose indices do not change. */
  placeOf(target: Expression): Expression {
    if (target.kind === 'member') return { ...target, base: this.placeOf(target.base) };
    if (target.kind === 'unary') return { ...target, operand: this.placeOf(target.operand) };
    if (target.kind !== 'index') return target;
    const index = isStable(this.context, target.index) ? target.index : this.kept(target.index);
    return { ...target, base: this.placeOf(target.base), index };
  }

  private valueOf(call: Call): Expression {
    const { context } = this;
    const { args, position, callee } = call;
    const declaration = this.functionOf(call);
    if (declaration) {
      const result = this.parts.invoke({ declaration, args, position });
      if (!result) return fail(position, `'${callee.name}' does not return a value`);
      // Loaded at each use, because the variable's reference differs between parts and invocations.
      const value = () => load(context, result.current);
      return this.named({ kind: 'lazy', value }, position);
    }
    const [pointed] = args;
    if (callee.name !== 'workgroupUniformLoad' || !pointed || args.length !== 1)
      return fail(position, `'${callee.name}' does not return a value`);
    const value = this.parts.forFirst(() => {
      const pointer = lowerExpression(context, pointed);
      if (pointer.kind !== 'pointer' || pointer.reference.space !== 'workgroup')
        return fail(position, "'workgroupUniformLoad' needs a pointer to workgroup memory");
      return load(context, pointer.reference);
    });
    return this.named({ kind: 'value', value }, position);
  }

  private named(binding: Binding, position: Position): Name {
    const name = this.newName();
    this.context.declare(name, binding, position);
    return { kind: 'name', name, position };
  }

  private newName(): string {
    return `(waited ${this.names++})`;
  }
}
