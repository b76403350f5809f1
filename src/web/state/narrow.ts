/** Whether the window is below the style sheet's breakpoint, where panels are stacked. */
import { signal } from '@preact/signals';

const query = globalThis.matchMedia?.('(max-width: 899px)');

export const isNarrow = signal(query?.matches ?? false);

query?.addEventListener('change', ({ matches }) => {
  isNarrow.value = matches;
});
