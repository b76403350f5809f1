/** Selects the training data and the settings. */
import { engineStatus } from '../../engine/client.ts';
import { FilePicker } from '../../parts/file_picker.tsx';
import { HeadPicker } from '../../parts/head_picker.tsx';
import { Segments } from '../../parts/segments.tsx';
import { site } from '../../state/site.ts';
import { run, type Settings, settings, source, startTraining, stopTraining } from './train_state.ts';

interface Field {
  readonly name: Exclude<keyof Settings, 'select'>;
  readonly text: string;
  readonly least: number;
  readonly step: number | 'any';
}

const FIELDS: readonly Field[] = [
  { name: 'epochs', text: 'epochs', least: 1, step: 1 },
  { name: 'seed', text: 'seed', least: 0, step: 1 },
  { name: 'lr', text: 'learning rate', least: 1e-9, step: 'any' },
  { name: 'batchSize', text: 'batch size', least: 1, step: 1 },
  { name: 'stepSize', text: 'decay every (epochs)', least: 1, step: 1 },
  { name: 'gamma', text: 'decay factor', least: 1e-9, step: 'any' },
  { name: 'augment', text: 'augmented copies', least: 0, step: 1 },
];

export function SetupPanel() {
  return (
    <section class="panel train-setup" aria-label="Setup">
      <h2>Training data</h2>
      <Sources />
      <h2>Settings</h2>
      <div class="train-fields">
        {FIELDS.map(field => (
          <SettingField key={field.name} {...field} />
        ))}
      </div>
      <Segments
        label="Which epoch to keep"
        value={settings.value.select}
        options={[
          { value: 'best', text: 'Keep the best epoch' },
          { value: 'last', text: 'Keep the last' },
        ]}
        onChange={select => {
          settings.value = { ...settings.value, select: select as Settings['select'] };
        }}
      />
      <StartButtons />
      <p class="about">
        The backbone is frozen: each X-ray passes through it once, and a linear layer learns from the features. With the
        same seed and adapter, the file has the bytes that <code>raycam train</code> writes.
      </p>
      <OpenHead />
    </section>
  );
}

/** A number to edit. A value that is not allowed is replaced by the previous one. */
function SettingField({ name, text, least, step }: Field) {
  const change = (input: HTMLInputElement) => {
    const value = Number(input.value);
    if (input.value !== '' && value >= least) settings.value = { ...settings.value, [name]: value };
    else input.value = String(settings.value[name]);
  };
  return (
    <label class="field">
      <span>{text}</span>
      <input
        type="number"
        min={least}
        step={step}
        value={settings.value[name]}
        data-testid={`train-${name}`}
        onChange={({ currentTarget }) => change(currentTarget)}
      />
    </label>
  );
}

function StartButtons() {
  const isReady = engineStatus.value.state === 'ready';
  const isRunning = run.value.state === 'running';
  return (
    <div class="buttons">
      <button
        type="button"
        class="primary"
        disabled={!source.value || !isReady || isRunning}
        data-testid="train"
        onClick={() => void startTraining()}
      >
        Train
      </button>
      {isRunning && (
        <button type="button" onClick={stopTraining}>
          Stop
        </button>
      )}
    </div>
  );
}

function Sources() {
  const bundled = site.value?.images.length ?? 0;
  const take = (files: readonly File[]) => {
    const picked = files.map(file => ({ path: file.webkitRelativePath || file.name, file }));
    source.value = { name: picked[0]!.path.split('/')[0]!, files: picked };
  };
  return (
    <>
      <div class="buttons">
        <FilePicker isFolder testId="pick-folder" onPick={take}>
          Pick a folder …
        </FilePicker>
        <button
          type="button"
          disabled={bundled === 0}
          aria-pressed={source.value?.files === 'bundled'}
          data-testid="train-bundled"
          onClick={() => {
            source.value = { name: 'the bundled sample', files: 'bundled' };
          }}
        >
          Bundled sample
        </button>
      </div>
      <p class="current" data-testid="train-source">
        {source.value ? (
          <>
            {source.value.name}
            <span class="soft"> {source.value.files === 'bundled' ? bundled : source.value.files.length} files</span>
          </>
        ) : (
          <span class="soft">One folder per class, optionally in train and test.</span>
        )}
      </p>
    </>
  );
}

function OpenHead() {
  const status = engineStatus.value;
  return (
    <div class="train-head">
      <p class="about">
        {status.state === 'ready' &&
          (status.head ? `Verdicts use ${status.head.name}.` : 'No head yet, so no verdicts.')}
      </p>
      <HeadPicker testId="load-head">Open a head file …</HeadPicker>
    </div>
  );
}
