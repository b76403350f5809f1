import type { Expression, Statement } from '../../parse/ast.ts';
import type { Context } from '../state/context.ts';

const BARRIERS = new Set(['workgroupBarrier', 'storageBarrier', 'textureBarrier', 'workgroupUniformLoad']);

export function isBarrier(name: string): boolean {
  return BARRIERS.has(name);
}

const known = new WeakMap<object, boolean>();

/** Returns whether a statement or an expression may wait at a barrier, itself or in a function that it calls. */
export function containsBarrier(context: Context, node: Statement | Expression | undefined): boolean {
  if (!node) return false;
  const before = known.get(node);
  if (before !== undefined) return before;
  // Stops the search at a function that calls itself, which lowering reports as an error.
  known.set(node, false);
  const found = search(context, node);
  known.set(node, found);
  return found;
}

function search(context: Context, node: Statement | Expression): boolean {
  if (node.kind === 'call') {
    const { name } = node.callee;
    const binding = context.scope.find(name);
    if (binding?.kind === 'function') {
      if (containsBarrier(context, binding.declaration.body)) return true;
    } else if (isBarrier(name)) return true;
  }
  return childrenOf(node).some(child => containsBarrier(context, child));
}

/** Returns a node's child statements and expressions, including those in lists and in a switch's cases. */
function childrenOf(node: object): (Statement | Expression)[] {
  return Object.values(node).flatMap(child => {
    if (Array.isArray(child)) return child.flatMap(one => ('kind' in one ? [one] : childrenOf(one)));
    return typeof child === 'object' && child !== null && 'kind' in child ? [child] : [];
  });
}
