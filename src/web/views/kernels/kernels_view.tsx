/** Kernels: the shaders behind a layer, their times, and the alternatives. */
import { useMemo } from 'preact/hooks';
import type { Operation } from '../../../inspection/operations.ts';
import { currentImage } from '../../state/images.ts';
import { useCall } from '../../state/use_call.ts';
import { operationAt, wantedLayer } from '../inspect/inspect_state.ts';
import { useLayerTimes } from '../inspect/inspect_view.tsx';
import { NetworkMap } from '../inspect/network_map.tsx';
import { Welcome } from '../look/welcome.tsx';
import { RunPanel } from './run_panel.tsx';
import { ShaderPanel } from './shader_panel.tsx';
import { TuningPanel } from './tuning_panel.tsx';
import { VariantsPanel } from './variants_panel.tsx';

const KEPT_LAYERS = 16;

export function KernelsView() {
  const image = currentImage.value;
  const network = useCall('operations', {}, { keep: 1 });
  const all = network.state === 'done' ? network.value : undefined;
  const operations = useMemo(() => all?.filter(hasKernels), [all]);
  const operation = all && operations && kernelOf(all, operations, wantedLayer.value);
  const asked = image && operation ? { image: image.hash, layer: operation.path } : null;
  const answer = useCall('layerKernels', asked, { keep: KEPT_LAYERS });
  const times = useLayerTimes(image?.hash, answer.state === 'done');
  if (!image) return <Welcome />;
  if (!operations || !operation)
    return (
      <div class="boot">
        <p>{network.state === 'failed' ? network.message : 'The kernels appear once the network is ready.'}</p>
      </div>
    );
  return (
    <div class="kernels fits">
      <NetworkMap operations={operations} current={operation} times={times} view="kernels" />
      <div class="kernels-main">
        <RunPanel operation={operation} answer={answer} />
        {answer.state === 'done' && <VariantsPanel key={operation.path} operation={operation} kernels={answer.value} />}
        <TuningPanel />
        {answer.state === 'done' && <ShaderPanel kernels={answer.value} />}
      </div>
    </div>
  );
}

/** Batch norms and relus have no kernels of their own: they run in the convolution before them. */
function hasKernels({ kind }: Operation): boolean {
  return kind !== 'batch norm' && kind !== 'relu';
}

/** Returns the operation that runs the layer in the address: itself, or the convolution whose epilogue includes it. */
function kernelOf(all: readonly Operation[], operations: readonly Operation[], path: string): Operation | undefined {
  let found = operationAt(all, path);
  while (found && !operations.includes(found)) found = all.find(operation => operation.path === found!.input);
  return found;
}
