import type { Expression, Statement } from '../parse/ast.ts';
import type { Context } from './context.ts';

const BARRIERS = new Set(['workgroupBarrier', 'storageBarrier', 'textureBarrier', 'workgroupUniformLoad']);

export function isBarrier(name: string): boolean {
  return BARRIERS.has(name);
}

const known = new WeakMap<object, boolean>();

/** Whether running it may wait for the workgroup's other invocations. */
export function containsBarrier(context: Context, node: Statement | Expression | undefined): boolean {
  if (!node) return false;
  const before = known.get(node);
  if (before !== undefined) return before;
  // A function that calls itself is an error that its lowering finds.
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

/** The statements and expressions that a node holds, and those in lists and in a switch's cases. */
function childrenOf(node: object): (Statement | Expression)[] {
  return Object.values(node).flatMap(child => {
    if (Array.isArray(child)) return child.flatMap(one => ('kind' in one ? [one] : childrenOf(one)));
    return typeof child === 'object' && child !== null && 'kind' in child ? [child] : [];
  });
}
