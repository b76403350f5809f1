/** The views, in the order of their tabs. A view is a component and an entry here. */
import type { ComponentType } from 'preact';
import { InspectView } from './inspect/inspect_view.tsx';
import { KernelsView } from './kernels/kernels_view.tsx';
import { LedgerView } from './ledger/ledger_view.tsx';
import { LookView } from './look/look_view.tsx';
import { TrainView } from './train/train_view.tsx';
import { WeightsView } from './weights/weights_view.tsx';

export interface View {
  /** Name in the address: `#look`. */
  readonly id: string;
  readonly title: string;
  /** The tab's tooltip. */
  readonly about: string;
  readonly component: ComponentType;
  /** Whether the view shows the current image, and the strip of images below it. */
  readonly hasStrip: boolean;
}

export const VIEWS: readonly View[] = [
  {
    id: 'look',
    title: 'Look',
    about: 'The verdict on an X-ray, and the evidence for it',
    component: LookView,
    hasStrip: true,
  },
  {
    id: 'inspect',
    title: 'Inspect',
    about: 'The output of every layer of the network',
    component: InspectView,
    hasStrip: true,
  },
  {
    id: 'ledger',
    title: 'Ledger',
    about: 'What each channel adds to the verdict',
    component: LedgerView,
    hasStrip: true,
  },
  {
    id: 'train',
    title: 'Train',
    about: 'Train your own head on labelled X-rays',
    component: TrainView,
    hasStrip: true,
  },
  {
    id: 'kernels',
    title: 'Kernels',
    about: 'The shaders that run, their times and alternatives',
    component: KernelsView,
    hasStrip: true,
  },
  {
    id: 'weights',
    title: 'Weights',
    about: 'The network, the adapter, and what this browser stores',
    component: WeightsView,
    hasStrip: false,
  },
];
