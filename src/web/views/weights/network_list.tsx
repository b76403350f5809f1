/** The available networks, and where their weights are stored. */
import { useState } from 'preact/hooks';
import { call, engineStatus } from '../../engine/client.ts';
import { Fault } from '../../parts/fault.tsx';
import { FilePicker } from '../../parts/file_picker.tsx';
import { formatBytes } from '../../parts/words.ts';
import type { SiteModel } from '../../shared/site.ts';
import { openNetwork, wantedChoice } from '../../state/engine_control.ts';
import { site } from '../../state/site.ts';
import type { Stored } from './store_panel.tsx';

export function NetworkList({ stored }: { readonly stored: Stored }) {
  const [fault, setFault] = useState('');
  const isHere = ({ file, isHere }: SiteModel) => isHere || stored.some(kept => kept.file === file);
  const known = site.value?.models ?? [];
  const offered = [...known.filter(isHere), ...known.filter(model => !isHere(model))];
  const own = stored.filter(({ file }) => !offered.some(model => model.file === file));
  const openFile = async (file: File) => {
    setFault('');
    try {
      const { id } = await call('keepWeights', { file });
      await openNetwork({ ...wantedChoice(), model: id });
    } catch (error) {
      setFault((error as Error).message);
      void openNetwork(wantedChoice());
    }
  };
  return (
    <section class="panel networks" aria-label="Networks">
      <header>
        <h2>Networks</h2>
        <FilePicker accept=".safetensors,.pth,.pt" testId="pick-weights" onPick={([file]) => void openFile(file!)}>
          Open a weights file …
        </FilePicker>
      </header>
      <Fault text={fault} />
      <ul>
        {offered.map(model => (
          <Row
            key={model.id}
            id={model.id}
            details={[model.architecture, model.note]}
            licence={model.licence}
            where={placeOf(model, stored)}
          />
        ))}
        {own.map(({ file, sizeBytes }) => (
          <Row
            key={file}
            id={`file:${file}`}
            details={['a file that you opened', formatBytes(sizeBytes)]}
            licence="unknown: see where the file came from"
            where="In this browser"
          />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly id: string;
  readonly details: readonly string[];
  readonly licence: string;
  readonly where: string;
}

function Row({ id, details, licence, where }: RowProps) {
  const status = engineStatus.value;
  const isOpen = status.state === 'ready' && status.choice.model === id;
  const isOpening = status.state === 'loading' && status.choice.model === id;
  return (
    <li class="network" data-open={isOpen}>
      <div>
        <p class="network-id">
          {id} {isOpen && <span class="tag">open</span>}
        </p>
        <p>{details.filter(text => text !== '').join('; ')}</p>
        <p class="soft">
          {where}. Licence: {licence}.
        </p>
      </div>
      <button
        type="button"
        disabled={isOpen || isOpening}
        aria-label={`Open ${id}`}
        onClick={() => void openNetwork({ ...wantedChoice(), model: id })}
      >
        {isOpening ? 'Opening …' : 'Open'}
      </button>
    </li>
  );
}

function placeOf({ file, isHere, sizeBytes }: SiteModel, stored: Stored): string {
  const size = sizeBytes > 0 ? `, ${formatBytes(sizeBytes)}` : '';
  if (stored.some(kept => kept.file === file)) return `In this browser${size}`;
  if (isHere) return `${site.value!.isLocal ? 'On this computer' : 'On this site'}${size}`;
  return site.value!.canPull ? 'Not here yet: downloaded from its publisher when opened' : 'Not here: open its file';
}
