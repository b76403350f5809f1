/** The strip of open X-rays with their verdicts. One is selected; another may be shown next to it. */
import { useRef } from 'preact/hooks';
import { engineStatus } from '../engine/client.ts';
import {
  addFiles,
  comparedImage,
  compareWith,
  currentImage,
  forgetImage,
  IMAGE_FILES,
  type ImageEntry,
  imageFaults,
  images,
  selectImage,
} from '../state/images.ts';
import { site } from '../state/site.ts';
import { verdicts } from '../state/verdicts.ts';
import { FilePicker } from './file_picker.tsx';
import { SampleTile } from './sample_tile.tsx';
import { formatProbability } from './words.ts';

export function ImageStrip() {
  const samples = useRef<HTMLDialogElement>(null);
  return (
    <section class="strip" aria-label="X-rays">
      <ul>
        {images.value.length === 0 && (
          <li class="strip-empty">X-rays that you open appear here with their verdicts.</li>
        )}
        {images.value.map(image => (
          <Frame key={image.hash} image={image} />
        ))}
      </ul>
      <div class="strip-tools">
        <FilePicker accept={IMAGE_FILES} isMultiple testId="pick" onPick={files => void addFiles(files)}>
          Open X-rays …
        </FilePicker>
        <button type="button" onClick={() => samples.current!.showModal()}>
          Bundled X-rays …
        </button>
      </div>
      <Faults />
      <dialog ref={samples} class="samples" aria-label="Bundled X-rays">
        <Samples close={() => samples.current!.close()} />
      </dialog>
    </section>
  );
}

function Frame({ image: { hash, name, url, label } }: { image: ImageEntry }) {
  const isCurrent = currentImage.value?.hash === hash;
  const isCompared = !isCurrent && comparedImage.value?.hash === hash;
  return (
    <li
      class="frame"
      data-role={isCurrent ? (comparedImage.value ? 'left' : 'shown') : isCompared ? 'right' : undefined}
    >
      <button
        type="button"
        class="pick"
        aria-pressed={isCurrent}
        onClick={() => selectImage(hash)}
        title={label ? `${name}, labelled ${label}` : name}
      >
        <img src={url} alt="" />
        <span class="hidden">{name}: </span>
        <FrameVerdict hash={hash} />
      </button>
      <span class="frame-tools">
        {!isCurrent && (
          <button
            type="button"
            aria-pressed={isCompared}
            aria-label={`${isCompared ? 'Stop comparing' : 'Compare'}: ${name}`}
            title={isCompared ? 'Stop comparing' : 'Compare'}
            onClick={() => compareWith(isCompared ? null : hash)}
          >
            {isCompared ? '−' : '◫'}
          </button>
        )}
        <button type="button" aria-label={`Remove ${name}`} title="Remove" onClick={() => void forgetImage(hash)}>
          ×
        </button>
      </span>
    </li>
  );
}

function FrameVerdict({ hash }: { hash: string }) {
  const status = engineStatus.value;
  const verdict = verdicts.value.get(hash);
  if (verdict?.state === 'failed')
    return (
      <span class="frame-verdict error-text" title={verdict.message}>
        failed
      </span>
    );
  if (verdict?.state !== 'done')
    return <span class="frame-verdict">{status.state === 'ready' ? '…' : 'no verdict'}</span>;
  const classes = status.state === 'ready' ? (status.head?.classes ?? []) : [];
  return (
    <span class="frame-verdict" data-value={verdict.probability}>
      <i class="dot" data-class={classes.indexOf(verdict.class)} aria-hidden="true" />
      <span class="hidden">{verdict.class} </span>
      <span aria-hidden="true">{shortName(verdict.class)}</span> {formatProbability(verdict.probability)}
    </span>
  );
}

/** Shortens a class name to fit its frame. */
function shortName(name: string): string {
  return name.length > 7 ? `${name.slice(0, 4)}.` : name;
}

function Faults() {
  if (imageFaults.value.length === 0) return null;
  return (
    <div class="strip-faults" role="alert">
      {imageFaults.value.map(({ name, message }) => (
        <p key={name} class="error-text">
          {message}
        </p>
      ))}
      <button
        type="button"
        onClick={() => {
          imageFaults.value = [];
        }}
      >
        Dismiss
      </button>
    </div>
  );
}

function Samples({ close }: { close: () => void }) {
  const bundled = site.value?.images ?? [];
  const groups = [...new Set(bundled.map(({ split, label }) => `${split} ${label}`))];
  return (
    <>
      <header>
        <h2>Bundled X-rays</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </header>
      {groups.map(group => (
        <section key={group}>
          <h3>
            {group
              .replace(/^test/, 'Not used in training,')
              .replace(/^train/, 'Used in training,')
              .replace(/, ?/, ', labelled ')}
          </h3>
          <ul>
            {bundled
              .filter(({ split, label }) => `${split} ${label}` === group)
              .map(image => (
                <li key={image.sha256}>
                  <SampleTile image={image} onPick={close} />
                </li>
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}
