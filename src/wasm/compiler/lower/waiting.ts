import { fail, type Position } from '../errors.ts';
import type { Assign, Call, Expression, FunctionDeclaration, Name } from '../parse/ast.ts';
import { containsBarrier, isBarrier } from './barriers.ts';
import type { Context } from './context.ts';
import { lowerExpression } from './expressions.ts';
import type { KeptVariable } from './kept_variables.ts';
import { load } from './references.ts';
import type { Binding } from './scope.ts';
import { isStable } from './stability.ts';

/** A call of a function of the shader. */
export interface Invoked {
  readonly declaration: FunctionDeclaration;
  readonly args: readonly Expression[];
  readonly position: Position;
}

/** What calls need from the kernel that is cut into parts. */
interface Parts {
  invoke(call: Invoked): KeptVariable | undefined;
  keepValue(name: string, init: Expression, type: undefined): Binding;
  forFirst<Result>(body: () => Result): Result;
}

/** Calls that wait at a barrier inside of expressions: each is made before the statement that it stands in. */
export class Waiting {
  private names = 0;

  constructor(
    private readonly context: Context,
    private readonly parts: Parts,
  ) {}

  /** The expression, with names in place of what waits; what is worked out before a call keeps the value it has there. */
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
          return fail(position, `a barrier at the right of '${operator}' is not supported`);
        const [x, y] = this.inOrder([left, right]);
        return { ...expression, left: x!, right: y! };
      }
      case 'unary':
        return { ...expression, operand: this.hoist(expression.operand) };
      case 'member':
        return { ...expression, base: this.hoist(expression.base) };
      case 'index': {
        // What is indexed is read only when the index is known.
        const { base, index } = expression;
        if (!containsBarrier(this.context, base)) return { ...expression, index: this.hoist(index) };
        const [x, y] = this.inOrder([base, index]);
        return { ...expression, base: x!, index: y! };
      }
      default:
        return expression;
    }
  }

  /** The place is found, and read for `+=` and the like, before the value is worked out. */
  hoistAssign(assign: Assign): Assign {
    const { target, operator, value, position } = assign;
    if (!target) return { ...assign, value: this.hoist(value) };
    if (containsBarrier(this.context, target)) fail(position, 'a barrier in what is assigned to is not supported');
    const place = this.placeOf(target);
    if (!operator) return { ...assign, target: place, value: this.hoist(value) };
    const sum = this.hoist({ kind: 'binary', operator, left: place, right: value, position });
    return { kind: 'assign', target: place, value: sum, position };
  }

  /** A call as a statement. */
  call(call: Call): void {
    const args = this.inOrder(call.args);
    const declaration = this.functionOf(call);
    if (declaration) this.parts.invoke({ declaration, args, position: call.position });
    else if (!isBarrier(call.callee.name))
      fail(call.position, `a barrier inside of the arguments of '${call.callee.name}' is not supported`);
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

  /** Of expressions one after the other, those before the last that waits hold what they were. */
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

  /** The same place, named by indices that do not change. */
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
      if (!result) return fail(position, `'${callee.name}' returns nothing`);
      // The next call writes the same variable.
      const value = () => load(context, result.current);
      return this.named({ kind: 'lazy', value }, position);
    }
    const [pointed] = args;
    if (callee.name !== 'workgroupUniformLoad' || !pointed || args.length !== 1)
      return fail(position, `'${callee.name}' returns nothing`);
    const value = this.parts.forFirst(() => {
      const pointer = lowerExpression(context, pointed);
      if (pointer.kind !== 'pointer' || pointer.reference.space !== 'workgroup')
        return fail(position, "'workgroupUniformLoad' takes a pointer to workgroup memory");
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
