import type { Expression, Statement } from '../../parse/ast.ts';

export interface Assigned {
  /** Names of variables and pointers that may be assigned or assigned through, or whose address is taken. */
  readonly names: ReadonlySet<string>;
  /** Whether there are calls, which may assign private variables. */
  readonly calls: boolean;
}

const known = new WeakMap<Statement, Assigned>();

/** Returns what a statement may assign. Judges by names alone, so the result may include too much. */
export function assignedBy(statement: Statement): Assigned {
  const before = known.get(statement);
  if (before) return before;
  const names = new Set<string>();
  let calls = false;
  const visitExpression = (expression: Expression | undefined): void => {
    if (!expression) return;
    switch (expression.kind) {
      case 'unary':
        if (expression.operator === '&') names.add(rootOf(expression.operand) ?? '');
        visitExpression(expression.operand);
        return;
      case 'binary':
        visitExpression(expression.left);
        visitExpression(expression.right);
        return;
      case 'call':
        calls = true;
        for (const arg of expression.args) {
          // The argument may be a pointer that the function writes through.
          if (arg.kind === 'name') names.add(arg.name);
          visitExpression(arg);
        }
        return;
      case 'index':
        visitExpression(expression.base);
        visitExpression(expression.index);
        return;
      case 'member':
        visitExpression(expression.base);
        return;
    }
  };
  const visit = (one: Statement | undefined): void => {
    if (!one) return;
    switch (one.kind) {
      case 'assign':
        if (one.target) names.add(rootOf(one.target) ?? '');
        visitExpression(one.target);
        visitExpression(one.value);
        return;
      case 'declaration':
        // The declaration may copy a pointer.
        if (one.init?.kind === 'name') names.add(one.init.name);
        visitExpression(one.init);
        return;
      case 'call-statement':
        visitExpression(one.call);
        return;
      case 'block':
        one.statements.forEach(visit);
        return;
      case 'if':
        visitExpression(one.condition);
        visit(one.then);
        visit(one.otherwise);
        return;
      case 'for':
        visit(one.init);
        visitExpression(one.condition);
        visit(one.step);
        visit(one.body);
        return;
      case 'loop':
        visit(one.body);
        visit(one.continuing);
        visitExpression(one.breakIf);
        return;
      case 'switch':
        visitExpression(one.selector);
        one.cases.forEach(({ body }) => {
          visit(body);
        });
        return;
      case 'return':
        visitExpression(one.value);
        return;
    }
  };
  visit(statement);
  const assigned = { names, calls };
  known.set(statement, assigned);
  return assigned;
}

/** Returns the name of the variable that an expression such as `a.b[i]` or `*p` refers to. */
export function rootOf(expression: Expression): string | undefined {
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'index':
    case 'member':
      return rootOf(expression.base);
    case 'unary':
      return rootOf(expression.operand);
    default:
      return undefined;
  }
}

/** Estimates the cost of an expression or a statement by counting its syntax nodes. */
export function weightOf(node: Statement | Expression): number {
  let weight = 1;
  for (const child of Object.values(node)) {
    if (Array.isArray(child)) for (const one of child) weight += typeof one === 'object' && one ? weightOf(one) : 0;
    else if (typeof child === 'object' && child !== null && !('line' in child)) weight += weightOf(child as Statement);
  }
  return weight;
}
