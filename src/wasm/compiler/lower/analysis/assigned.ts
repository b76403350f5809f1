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
  const assigned = new AssignedNames();
  assigned.visit(statement);
  known.set(statement, assigned);
  return assigned;
}

/** Collects what the statements and expressions that it visits may assign. */
class AssignedNames implements Assigned {
  readonly names = new Set<string>();
  calls = false;

  visit(statement: Statement | undefined): void {
    if (!statement) return;
    switch (statement.kind) {
      case 'assign':
        if (statement.target) this.names.add(rootOf(statement.target) ?? '');
        this.visitExpression(statement.target);
        this.visitExpression(statement.value);
        return;
      case 'declaration':
        // The declaration may copy a pointer.
        if (statement.init?.kind === 'name') this.names.add(statement.init.name);
        this.visitExpression(statement.init);
        return;
      case 'call-statement':
        this.visitExpression(statement.call);
        return;
      case 'block':
        for (const one of statement.statements) this.visit(one);
        return;
      case 'if':
        this.visitExpression(statement.condition);
        this.visit(statement.then);
        this.visit(statement.otherwise);
        return;
      case 'for':
        this.visit(statement.init);
        this.visitExpression(statement.condition);
        this.visit(statement.step);
        this.visit(statement.body);
        return;
      case 'loop':
        this.visit(statement.body);
        this.visit(statement.continuing);
        this.visitExpression(statement.breakIf);
        return;
      case 'switch':
        this.visitExpression(statement.selector);
        for (const { body } of statement.cases) this.visit(body);
        return;
      case 'return':
        this.visitExpression(statement.value);
        return;
    }
  }

  private visitExpression(expression: Expression | undefined): void {
    if (!expression) return;
    switch (expression.kind) {
      case 'unary':
        if (expression.operator === '&') this.names.add(rootOf(expression.operand) ?? '');
        this.visitExpression(expression.operand);
        return;
      case 'binary':
        this.visitExpression(expression.left);
        this.visitExpression(expression.right);
        return;
      case 'call':
        this.calls = true;
        for (const arg of expression.args) {
          // The argument may be a pointer that the function writes through.
          if (arg.kind === 'name') this.names.add(arg.name);
          this.visitExpression(arg);
        }
        return;
      case 'index':
        this.visitExpression(expression.base);
        this.visitExpression(expression.index);
        return;
      case 'member':
        this.visitExpression(expression.base);
        return;
    }
  }
}

/** Returns the name of the variable that an expression such as `a.b[i]` or `*p` refers to. */
function rootOf(expression: Expression): string | undefined {
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
