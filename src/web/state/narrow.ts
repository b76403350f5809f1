/** Whether the window is narrow, as the style sheet means it: views then lie below one another. */
import { signal } from '@preact/signals';

const query = globalThis.matchMedia?.('(max-width: 899px)');

export const isNarrow = signal(query?.matches ?? false);

query?.addEventListener('change', ({ matches }) => {
  isNarrow.value = matches;
});
