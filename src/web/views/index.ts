/** The views, in the order of their tabs. A view is a component and a line here. */
import type { ComponentType } from 'preact';
import { InspectView } from './inspect/inspect_view.tsx';
import { KernelsView } from './kernels/kernels_view.tsx';
import { LedgerView } from './ledger/ledger_view.tsx';
import { LookView } from './look/look_view.tsx';
import { TrainView } from './train/train_view.tsx';
import { WeightsView } from './weights/weights_view.tsx';

export interface View {
  /** In the address: `#look`. */
  readonly id: string;
  readonly title: string;
  /** One sentence: the tab's tooltip. */
  readonly about: string;
  readonly component: ComponentType;
  /** Whether the view shows the current image, and the strip of images below it. */
  readonly hasStrip: boolean;
}

export const VIEWS: readonly View[] = [
  {
    id: 'look',
    title: 'Look',
    about: 'The verdict on an X-ray, and where the evidence lies',
    component: LookView,
    hasStrip: true,
  },
  {
    id: 'inspect',
    title: 'Inspect',
    about: 'What every layer of the network makes of the X-ray',
    component: InspectView,
    hasStrip: true,
  },
  {
    id: 'ledger',
    title: 'Ledger',
    about: 'The verdict taken apart: what each channel adds to it',
    component: LedgerView,
    hasStrip: true,
  },
  {
    id: 'train',
    title: 'Train',
    about: 'A head of your own, from labelled X-rays',
    component: TrainView,
    hasStrip: true,
  },
  {
    id: 'kernels',
    title: 'Kernels',
    about: 'The shaders that run, their times, and what else could',
    component: KernelsView,
    hasStrip: true,
  },
  {
    id: 'weights',
    title: 'Weights',
    about: 'Networks: which runs, on what, and what this browser keeps',
    component: WeightsView,
    hasStrip: false,
  },
];
