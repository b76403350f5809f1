/** Lists the files and X-rays that this browser stores, with buttons to delete them. */
import { useEffect, useState } from 'preact/hooks';
import { call, type OutputOf } from '../../engine/client.ts';
import { formatBytes } from '../../parts/words.ts';
import { forgetImage, images } from '../../state/images.ts';

export interface StorePanelProps {
  readonly stored: Stored;
  readonly refresh: () => Promise<void>;
}

/** The files that this browser stores. */
export type Stored = OutputOf<'listStored'>;

export function StorePanel({ stored, refresh }: StorePanelProps) {
  const [room, setRoom] = useState<StorageEstimate>({});
  // The estimate changes with what is stored
  useEffect(() => void navigator.storage?.estimate().then(setRoom), [stored]);
  const remove = async (file: string) => {
    await call('deleteStored', { file });
    await refresh();
  };
  const forgetAll = async () => {
    for (const { hash } of images.value) await forgetImage(hash);
  };
  return (
    <section class="panel" aria-label="Stored in this browser">
      <h2>Stored in this browser</h2>
      <ul class="kept">
        {stored.map(({ file, sizeBytes, isKept }) => (
          <li key={file} data-testid="stored">
            <span>
              {file}
              <span class="soft">
                {' '}
                {formatBytes(sizeBytes)}
                {isKept ? '' : ', until the page is closed'}
              </span>
            </span>
            <button type="button" aria-label={`Delete ${file}`} onClick={() => void remove(file)}>
              Delete
            </button>
          </li>
        ))}
        {images.value.length > 0 && (
          <li>
            <span>
              {images.value.length} X-ray{images.value.length > 1 ? 's' : ''}
            </span>
            <button type="button" onClick={() => void forgetAll()}>
              Remove all
            </button>
          </li>
        )}
        {stored.length === 0 && images.value.length === 0 && <li class="soft">Nothing yet.</li>}
      </ul>
      {room.quota !== undefined && (
        <p class="about">
          {formatBytes(room.usage ?? 0)} of {formatBytes(room.quota)} that the browser allows. With stored weights, the
          page starts offline.
        </p>
      )}
    </section>
  );
}
