/**
 * The state that a link shares is in the address: `#VIEW?model=…&image=…&layer=…`. Every value is text; each view
 * defines its own. `model`, `adapter`, `threads` and `image` mean the same in all views.
 */
import { computed, signal } from '@preact/signals';

export interface Route {
  readonly view: string;
  readonly params: Readonly<Record<string, string>>;
}

const DEFAULT_VIEW = 'look';

const route = signal<Route>(parseRoute(globalThis.location?.hash ?? ''));
export const view = computed(() => route.value.view);

/** Returns a value of the address. A component that reads it is rendered again when it changes. */
export function param(name: string): string | undefined {
  return route.value.params[name];
}

/** Changes values; null removes one. Adds an entry to the history, or with `replace` changes the current one. */
export function setParams(
  changes: Readonly<Record<string, string | null>>,
  { replace = false }: { readonly replace?: boolean } = {},
): void {
  const params: Record<string, string> = { ...route.value.params };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete params[name];
    else params[name] = value;
  }
  go({ view: route.value.view, params }, replace);
}

/** Returns a link to a view with the current values, apart from `changes`. */
export function linkTo(viewId: string, changes: Readonly<Record<string, string | null>> = {}): string {
  const params: Record<string, string> = { ...route.value.params };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete params[name];
    else params[name] = value;
  }
  return formatRoute({ view: viewId, params });
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return { view: path || DEFAULT_VIEW, params: Object.fromEntries(new URLSearchParams(query)) };
}

export function formatRoute({ view: viewId, params }: Route): string {
  const query = new URLSearchParams(params).toString();
  return `#${viewId}${query && `?${query}`}`;
}

function go(next: Route, replace: boolean): void {
  const address = formatRoute(next);
  if (address === formatRoute(route.value)) return;
  route.value = next;
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

globalThis.addEventListener?.('popstate', () => {
  route.value = parseRoute(location.hash);
});
