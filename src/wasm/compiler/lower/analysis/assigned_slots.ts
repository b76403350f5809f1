import type { Statement } from '../../parse/ast.ts';
import type { Context } from '../state/context.ts';
import type { Reference, Slot } from '../values/reference.ts';
import { assignedBy } from './assigned.ts';

/** Returns the slots of the variables that a statement may assign. */
export function assignedSlots(context: Context, statement: Statement): Slot[] {
  const { names, calls } = assignedBy(statement);
  const slots = new Set<Slot>();
  const add = (reference: Reference) => {
    if (reference.kind === 'slots') for (const slot of reference.slots) slots.add(slot);
    if (reference.kind === 'lane') for (const slot of reference.vector.slots) slots.add(slot);
  };
  for (const name of names) {
    const binding = context.scope.find(name);
    if (binding?.kind === 'variable') add(binding.reference);
    const value =
      binding?.kind === 'value' ? binding.value : binding?.kind === 'lazy' ? binding.pointer?.() : undefined;
    if (value?.kind === 'pointer') add(value.reference);
  }
  if (calls) for (const reference of context.globals.privateReferences()) add(reference);
  return [...slots].filter(slot => context.env?.has(slot));
}
