import type { Position } from '../../interface/compile_error.ts';
import type { NumberType } from './lexer.ts';

/** A name with optional template arguments. Types are names too, as in WGSL's grammar. */
export interface Name {
  readonly kind: 'name';
  readonly name: string;
  readonly template?: readonly Expression[];
  readonly position: Position;
}

export interface Literal {
  readonly kind: 'literal';
  readonly type: NumberType | 'bool';
  readonly value: number;
  readonly position: Position;
}

export interface Unary {
  readonly kind: 'unary';
  readonly operator: '-' | '!' | '~' | '&' | '*';
  readonly operand: Expression;
  readonly position: Position;
}

export interface Binary {
  readonly kind: 'binary';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
  readonly position: Position;
}

export interface Call {
  readonly kind: 'call';
  readonly callee: Name;
  readonly args: readonly Expression[];
  readonly position: Position;
}

export interface Index {
  readonly kind: 'index';
  readonly base: Expression;
  readonly index: Expression;
  readonly position: Position;
}

export interface Member {
  readonly kind: 'member';
  readonly base: Expression;
  readonly member: string;
  readonly position: Position;
}

export type Expression = Name | Literal | Unary | Binary | Call | Index | Member;

export interface Attribute {
  readonly name: string;
  readonly args: readonly Expression[];
  readonly position: Position;
}

/** `var`, `let`, `const` or `override`, at module scope or in a function. */
export interface Declaration {
  readonly kind: 'declaration';
  readonly keyword: 'var' | 'let' | 'const' | 'override';
  readonly name: string;
  readonly type?: Expression;
  readonly init?: Expression;
  readonly space?: string;
  readonly access?: string;
  readonly attributes: readonly Attribute[];
  readonly position: Position;
}

export interface Assign {
  readonly kind: 'assign';
  /** Absent for `_ = value`. */
  readonly target?: Expression;
  /** The operator of a compound assignment: `+` for `+=`. */
  readonly operator?: string;
  readonly value: Expression;
  /** True for `++` and `--`. */
  readonly isStep?: boolean;
  readonly position: Position;
}

export interface CallStatement {
  readonly kind: 'call-statement';
  readonly call: Call;
  readonly position: Position;
}

export interface If {
  readonly kind: 'if';
  readonly condition: Expression;
  readonly then: Block;
  readonly otherwise?: Block | If;
  readonly position: Position;
}

/** A `for` or `while` loop. */
export interface For {
  readonly kind: 'for';
  readonly init?: Statement;
  readonly condition?: Expression;
  readonly step?: Statement;
  readonly body: Block;
  readonly position: Position;
}

export interface Loop {
  readonly kind: 'loop';
  readonly body: Block;
  readonly continuing?: Block;
  readonly breakIf?: Expression;
  readonly position: Position;
}

export interface Switch {
  readonly kind: 'switch';
  readonly selector: Expression;
  readonly cases: readonly {
    readonly selectors: readonly Expression[];
    readonly isDefault: boolean;
    readonly body: Block;
  }[];
  readonly position: Position;
}

export interface Jump {
  readonly kind: 'break' | 'continue';
  readonly position: Position;
}

export interface Return {
  readonly kind: 'return';
  readonly value?: Expression;
  readonly position: Position;
}

export interface ConstAssert {
  readonly kind: 'const-assert';
  readonly condition: Expression;
  readonly position: Position;
}

export interface Block {
  readonly kind: 'block';
  readonly statements: readonly Statement[];
  readonly position: Position;
}

export type Statement =
  | Declaration
  | Assign
  | CallStatement
  | If
  | For
  | Loop
  | Switch
  | Jump
  | Return
  | ConstAssert
  | Block;

export interface Parameter {
  readonly name: string;
  readonly type: Expression;
  readonly attributes: readonly Attribute[];
  readonly position: Position;
}

export interface FunctionDeclaration {
  readonly kind: 'function';
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly returnType?: Expression;
  readonly body: Block;
  readonly attributes: readonly Attribute[];
  readonly position: Position;
}

export interface StructDeclaration {
  readonly kind: 'struct';
  readonly name: string;
  readonly members: readonly Parameter[];
  readonly position: Position;
}

export interface Alias {
  readonly kind: 'alias';
  readonly name: string;
  readonly type: Expression;
  readonly position: Position;
}

export type GlobalDeclaration = Declaration | FunctionDeclaration | StructDeclaration | Alias | ConstAssert;
