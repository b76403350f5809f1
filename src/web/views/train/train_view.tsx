/** Train: trains a head on labelled X-rays, and shows it epoch by epoch. */
import { RunPanel } from './run_panel.tsx';
import { SetupPanel } from './setup_panel.tsx';

export function TrainView() {
  return (
    <div class="train">
      <SetupPanel />
      <RunPanel />
    </div>
  );
}
