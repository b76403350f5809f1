/** Adds X-rays that are dropped onto the page or pasted into it, in any view. */
import { signal } from '@preact/signals';
import { addFiles } from './images.ts';

/** Whether a file is being dragged over the page. */
export const isDropping = signal(false);

/** Listens until the returned function is called. */
export function takeImages(): () => void {
  const stop = new AbortController();
  const on = <K extends keyof WindowEventMap>(type: K, handler: (event: WindowEventMap[K]) => void) =>
    window.addEventListener(type, handler, { signal: stop.signal });
  on('dragover', event => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    isDropping.value = true;
  });
  on('dragleave', event => {
    if (event.relatedTarget === null) isDropping.value = false;
  });
  on('drop', event => {
    isDropping.value = false;
    if (!event.dataTransfer?.files.length || event.defaultPrevented) return;
    event.preventDefault();
    void addFiles([...event.dataTransfer.files]);
  });
  on('paste', event => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) void addFiles(files);
  });
  return () => stop.abort();
}
