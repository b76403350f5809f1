/** Look without an X-ray: the ways to open one. */
import { FilePicker } from '../../parts/file_picker.tsx';
import { SampleTile } from '../../parts/sample_tile.tsx';
import { isDropping } from '../../state/drop.ts';
import { addFiles, IMAGE_FILES, imageFaults, isImageMissing } from '../../state/images.ts';
import { param } from '../../state/route.ts';
import { site } from '../../state/site.ts';

const OF_EACH_LABEL = 4;

export function Welcome() {
  return (
    <div class="welcome fits" data-dropping={isDropping.value}>
      <div class="welcome-text">
        {isImageMissing.value ? (
          <>
            <p class="welcome-title">The X-ray of this link is not on this computer.</p>
            <p>
              Its SHA-256 begins with <span class="mono">{param('image')}</span>. Drop the file here to see what the
              link shows.
            </p>
          </>
        ) : (
          <>
            <p class="welcome-title">Drop a chest X-ray here.</p>
            <p>Or paste one, or open a file. The network runs in this page, on this computer.</p>
          </>
        )}
        <FilePicker accept={IMAGE_FILES} isMultiple class="on-stage" onPick={files => void addFiles(files)}>
          Open X-rays …
        </FilePicker>
        {imageFaults.value.map(({ name, message }) => (
          <p key={name} class="stage-error" role="alert">
            {message}
          </p>
        ))}
      </div>
      <Samples />
    </div>
  );
}

function Samples() {
  const test = site.value?.images.filter(({ split }) => split === 'test') ?? [];
  const labels = [...new Set(test.map(({ label }) => label))];
  return (
    <div class="welcome-samples">
      {labels.map(label => (
        <section key={label} aria-label={`Bundled X-rays labelled ${label}`}>
          <h2>Bundled, labelled {label}</h2>
          <ul>
            {test
              .filter(image => image.label === label)
              .slice(0, OF_EACH_LABEL)
              .map(image => (
                <li key={image.sha256}>
                  <SampleTile image={image} />
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
