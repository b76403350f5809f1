/** Weights: the network, the adapter, and what this browser stores. */
import { useSignal } from '@preact/signals';
import { useCallback, useEffect } from 'preact/hooks';
import { call, engineStatus } from '../../engine/client.ts';
import { AdapterPanel } from './adapter_panel.tsx';
import { DoctorPanel } from './doctor_panel.tsx';
import { HeadPanel } from './head_panel.tsx';
import { NetworkList } from './network_list.tsx';
import { type Stored, StorePanel } from './store_panel.tsx';

export function WeightsView() {
  const stored = useSignal<Stored>([]);
  const { state } = engineStatus.value;
  const refresh = useCallback(async () => {
    stored.value = await call('listStored', {}).catch(() => []);
  }, [stored]);
  // The stored files change when the engine's state does
  useEffect(() => void refresh(), [state, refresh]);
  return (
    <div class="weights">
      <NetworkList stored={stored.value} />
      <div class="weights-side">
        <AdapterPanel />
        <HeadPanel />
        <DoctorPanel />
        <StorePanel stored={stored.value} refresh={refresh} />
      </div>
    </div>
  );
}
