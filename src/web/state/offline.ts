const RELOADED = 'raycam reloaded';

/**
 * Registers the service worker. It starts the page offline, and adds the cross-origin isolation headers if the host
 * does not send them. The headers take effect on the next load, so the page reloads itself once.
 */
export async function keepOffline(): Promise<void> {
  if (!navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register(new URL('offline.js', document.baseURI), { updateViaCache: 'none' });
    await navigator.serviceWorker.ready;
  } catch {
    return; // the page works without it, but needs the site to start
  }
  if (globalThis.crossOriginIsolated || sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, 'yes');
  location.reload();
}
