/** The head's verdict. It shows only numbers that the open network computed. */
import type { Evidence } from '../../../inference/evidence.ts';
import { engineStatus } from '../../engine/client.ts';
import { Fault } from '../../parts/fault.tsx';
import { TableHead } from '../../parts/table_head.tsx';
import { formatProbability, formatValue } from '../../parts/words.ts';
import type { ImageEntry } from '../../state/images.ts';
import type { Answer } from '../../state/use_call.ts';

export interface VerdictPanelProps {
  readonly image: ImageEntry;
  readonly answer: Answer<Evidence>;
  /** Whether to show the X-ray's name. */
  readonly isNamed: boolean;
}

export function VerdictPanel({ image, answer, isNamed }: VerdictPanelProps) {
  return (
    <section class="verdict" aria-live="polite" aria-label={`Verdict on ${image.name}`} data-testid="verdict-panel">
      {isNamed && <h2>{image.name}</h2>}
      <Content answer={answer} isShort={isNamed} />
      {image.notes?.map(note => (
        <p key={note} class="soft" data-testid="image-note">
          {image.name}: {note}
        </p>
      ))}
    </section>
  );
}

function Content({ answer, isShort }: { answer: Answer<Evidence>; isShort: boolean }) {
  switch (answer.state) {
    case 'idle':
      return <p class="soft">{waitingText()}</p>;
    case 'working':
      return <p class="soft working">Computing …</p>;
    case 'failed':
      return <Fault text={answer.message} />;
    case 'done':
      return <Scores evidence={answer.value} isShort={isShort} />;
  }
}

function Scores({ evidence, isShort }: { evidence: Evidence; isShort: boolean }) {
  const { class: verdict, probabilities, logits } = evidence;
  const names = Object.keys(probabilities);
  const probability = probabilities[verdict]!;
  return (
    <>
      <p class="verdict-line">
        <i class="dot" data-class={names.indexOf(verdict)} aria-hidden="true" />
        <b data-testid="verdict">{verdict}</b>
        <span class="number" data-testid="probability" data-value={probability}>
          {formatProbability(probability)}
        </span>
      </p>
      <div class="shares" aria-hidden="true">
        {names.map((name, k) => (
          <i key={name} data-class={k} style={{ flexGrow: probabilities[name] }} />
        ))}
      </div>
      <table class={isShort ? 'hidden' : 'scores'}>
        <TableHead columns={['class', 'probability', 'logit']} />
        <tbody>
          {names.map(name => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td data-testid={`probability-${name}`} data-value={probabilities[name]}>
                {probabilities[name]!.toFixed(4)}
              </td>
              <td data-testid={`logit-${name}`} data-value={logits[name]}>
                {formatValue(logits[name]!)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function waitingText(): string {
  const { state } = engineStatus.value;
  if (state === 'failed') return 'No verdict: nothing could be computed.';
  return state === 'empty'
    ? 'The verdict appears once a network is loaded.'
    : 'The verdict appears once the network is ready.';
}
