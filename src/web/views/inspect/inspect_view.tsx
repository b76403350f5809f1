/** Inspect: the output of every operation of the network. */
import { useEffect, useRef } from 'preact/hooks';
import type { Operation } from '../../../inspection/operations.ts';
import { engineStatus } from '../../engine/client.ts';
import { currentImage } from '../../state/images.ts';
import { setParams } from '../../state/route.ts';
import { useCall } from '../../state/use_call.ts';
import { Welcome } from '../look/welcome.tsx';
import { ChannelPanel } from './channel_panel.tsx';
import { FormulaPanel } from './formula_panel.tsx';
import { chosenCell, chosenChannel, operationAt, stepFrom, wantedLayer } from './inspect_state.ts';
import { LayerPanel } from './layer_panel.tsx';
import { NetworkMap } from './network_map.tsx';
import { Skyline } from './skyline.tsx';
import { TilesPanel } from './tiles_panel.tsx';

const KEPT_LAYERS = 6;

export function InspectView() {
  const image = currentImage.value;
  const network = useCall('operations', {}, { keep: 1 });
  const operations = network.state === 'done' ? network.value : undefined;
  const operation = operations && operationAt(operations, wantedLayer.value);
  const asked = image && operation ? { image: image.hash, layer: operation.path } : null;
  const answer = useCall('layerOutput', asked, { keep: KEPT_LAYERS });
  const times = useLayerTimes(image?.hash, answer.state === 'done');
  useStepping(operations, operation);
  if (!image) return <Welcome />;
  if (!operations) return <Waiting message={network.state === 'failed' ? network.message : undefined} />;
  if (!operation)
    return (
      <Waiting message={`This network has no layer ${wantedLayer.value}. Choose another network, or another layer.`} />
    );
  const output = answer.state === 'done' ? answer.value : undefined;
  const channel = chosenChannel(operation.shape[0]);
  const cell = chosenCell(operation.shape) ?? (operation.shape[1] === 1 ? { row: 0, column: 0 } : undefined);
  return (
    <div class="inspect fits">
      <Skyline operations={operations} current={operation} times={times} />
      <NetworkMap operations={operations} current={operation} times={times} view="inspect" />
      <div class="inspect-middle">
        <TilesPanel operation={operation} answer={answer} channel={channel} />
        {output && channel !== undefined && cell && (
          <FormulaPanel
            image={image.hash}
            operation={operation}
            channel={channel}
            cell={cell}
            summary={output.summary}
          />
        )}
      </div>
      <aside class="side inspect-side" aria-label="Layer and channel">
        <LayerPanel operation={operation} output={output} operations={operations} times={times} />
        {output && channel !== undefined && (
          <ChannelPanel operation={operation} output={output} channel={channel} cell={cell} />
        )}
      </aside>
    </div>
  );
}

/** Measures layer times once per generation, after the first layer is computed. They do not depend on the X-ray. */
export function useLayerTimes(
  image: string | undefined,
  isFree: boolean,
): Readonly<Record<string, number>> | undefined {
  const status = engineStatus.value;
  const generation = status.state === 'ready' ? status.generation : 0;
  const asked = useRef({ generation, image: undefined as string | undefined });
  if (asked.current.generation !== generation) asked.current = { generation, image: undefined };
  if (isFree) asked.current.image ??= image;
  const answer = useCall('layerTimes', asked.current.image ? { image: asked.current.image } : null, { keep: 1 });
  return answer.state === 'done' ? answer.value?.ms : undefined;
}

/** Brackets step through the operations, braces through the units, unless the focus is in a field. */
function useStepping(operations: readonly Operation[] | undefined, current: Operation | undefined): void {
  // Keys may arrive faster than effects run, so the listener reads the current values from a ref.
  const shown = useRef({ operations, current });
  shown.current = { operations, current };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
      const { operations: all, current: from } = shown.current;
      const next = all && from && stepFrom(all, from, event.key);
      if (next) setParams({ layer: next.path });
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input:not([type=radio]):not([type=range]), textarea, select');
}

function Waiting({ message }: { readonly message?: string }) {
  return (
    <div class="boot">
      {message ? <p role="alert">{message}</p> : <p>The layers appear once the network is ready.</p>}
    </div>
  );
}
