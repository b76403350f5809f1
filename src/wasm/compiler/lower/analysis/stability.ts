import type { Expression } from '../../parse/ast.ts';
import type { Context } from '../state/context.ts';

/** Returns whether an expression always has the same value: it reads neither variables nor memory that is written. */
export function isStable(context: Context, expression: Expression): boolean {
  const inner = (one: Expression) => isStable(context, one);
  switch (expression.kind) {
    case 'literal':
      return true;
    case 'name': {
      const binding = context.scope.find(expression.name);
      if (binding?.kind === 'variable') return binding.reference.kind === 'memory' && binding.reference.isReadOnly;
      // The value that a pointer points to may change.
      if (binding?.kind === 'lazy') return !binding.pointer;
      if (binding?.kind === 'value') return binding.value.kind !== 'pointer';
      // A type or a builtin function.
      return binding === undefined || binding.kind === 'type';
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
