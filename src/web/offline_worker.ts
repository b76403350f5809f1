/**
 * The service worker. It caches the page's own files, so that the page starts offline. It also adds the cross-origin
 * isolation headers if the host does not send them; without them the WebAssembly device has no threads.
 */
interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent extends WorkerEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

interface ServiceWorkerScope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: WorkerEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}

const scope = globalThis as unknown as ServiceWorkerScope;
const PREFIX = 'raycam page ';
const CACHE = PREFIX + BUILD_ID;
/** Paths cached on first use, not on installation: they change, or not every visitor needs them. */
const KEPT_WHEN_SEEN = /^(raycam\.json$|sample\/|heads?\/)/;

scope.addEventListener('install', event => {
  event.waitUntil(keepFiles().then(() => scope.skipWaiting()));
});

scope.addEventListener('activate', event => {
  event.waitUntil(dropOldCaches().then(() => scope.clients.claim()));
});

scope.addEventListener('fetch', event => {
  const { request } = event;
  const path = pathOf(request.url);
  if (request.method !== 'GET' || path === undefined || /^(weights|pull)\//.test(path)) return;
  event.respondWith(answer(request, path));
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(
    OFFLINE_FILES.map(file => new Request(new URL(file, scope.registration.scope), { cache: 'reload' })),
  );
}

async function dropOldCaches(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
}

/** Serves files with a hash in their name from the cache, and all others from the site while it is reachable. */
async function answer(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  const key = new URL(path === '' ? 'index.html' : path, scope.registration.scope).href;
  const kept = await cache.match(key);
  if (kept && path.startsWith('assets/')) return isolated(kept);
  try {
    const fresh = await fetch(request);
    if (fresh.ok && KEPT_WHEN_SEEN.test(path)) await cache.put(key, fresh.clone());
    return isolated(fresh);
  } catch (error) {
    if (kept) return isolated(kept);
    throw error;
  }
}

function isolated(response: Response): Response {
  if (response.headers.has('cross-origin-embedder-policy')) return response;
  const headers = new Headers(response.headers);
  headers.set('cross-origin-embedder-policy', 'require-corp');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** Returns a URL's path relative to the page's folder, or undefined outside it. */
function pathOf(url: string): string | undefined {
  const { scope: base } = scope.registration;
  return url.startsWith(base) ? url.slice(base.length).replace(/[?#].*$/, '') : undefined;
}
