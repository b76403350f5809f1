/** Loads `raycam.json`, which says what this copy of the page offers. */
import { signal } from '@preact/signals';
import type { Site } from '../shared/site.ts';

export const site = signal<Site | undefined>(undefined);

/** Loads the file and keeps it in `site`. @throws Error  the site cannot be reached */
export async function loadSite(): Promise<Site> {
  let found: Site;
  try {
    const response = await fetch(new URL('raycam.json', document.baseURI));
    if (!response.ok) throw new Error(`status ${response.status}`);
    found = (await response.json()) as Site;
  } catch (error) {
    throw new Error('The site could not be reached. Start `raycam serve` again, then reload the page', {
      cause: error,
    });
  }
  site.value = found;
  return found;
}
