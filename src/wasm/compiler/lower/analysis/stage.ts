import type { Expression } from '../../parse/ast.ts';
import type { Context } from '../state/context.ts';

/** When a value is known: at shader creation, at pipeline creation, or only at run time. */
export type Stage = 'const' | 'override' | 'runtime';

const ORDER: readonly Stage[] = ['const', 'override', 'runtime'];
const RUN_TIME = /^(atomic\w*|arrayLength|workgroupUniformLoad|\w+Barrier)$/;

/**
 * Returns an expression's stage by WGSL's rules, which depend on how names are declared. Folding may find that a
 * runtime expression is constant too.
 */
export function stageOf(context: Context, expression: Expression): Stage {
  const latest = (expressions: readonly Expression[]) =>
    ORDER[Math.max(0, ...expressions.map(one => ORDER.indexOf(stageOf(context, one))))]!;
  switch (expression.kind) {
    case 'literal':
      return 'const';
    case 'name': {
      const binding = context.scope.find(expression.name);
      if (binding?.kind === 'value') return binding.stage ?? 'runtime';
      return binding === undefined || binding.kind === 'type' ? 'const' : 'runtime';
    }
    case 'unary':
      return /[&*]/.test(expression.operator) ? 'runtime' : stageOf(context, expression.operand);
    case 'binary':
      return latest([expression.left, expression.right]);
    case 'member':
      return stageOf(context, expression.base);
    case 'index':
      return latest([expression.base, expression.index]);
    case 'call': {
      const { callee, args } = expression;
      const isOwn = context.scope.find(callee.name)?.kind === 'function';
      return isOwn || RUN_TIME.test(callee.name) ? 'runtime' : latest(args);
    }
  }
}

export function isKnownEarly(context: Context, expression: Expression): boolean {
  return stageOf(context, expression) !== 'runtime';
}
