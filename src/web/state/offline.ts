const RELOADED = 'raycam reloaded';

/**
 * Starts the service worker, which starts the page without a network and gives it the headers of an isolated page where the host cannot:
 * those count from the next load, so there is one reload, once.
 */
export async function keepOffline(): Promise<void> {
  if (!navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register(new URL('offline.js', document.baseURI), { updateViaCache: 'none' });
    await navigator.serviceWorker.ready;
  } catch {
    return; // the page works without: it only needs its site to start
  }
  if (globalThis.crossOriginIsolated || sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, 'yes');
  location.reload();
}
