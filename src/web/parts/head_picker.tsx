/** Opens the visitor's head file, and shows why if it does not fit. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { call, engineStatus } from '../engine/client.ts';
import { Fault } from './fault.tsx';
import { FilePicker } from './file_picker.tsx';

export function HeadPicker({ testId, children }: { readonly testId: string; readonly children: ComponentChildren }) {
  const [fault, setFault] = useState('');
  const open = async (file: File) => {
    setFault('');
    try {
      await call('openHead', { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <>
      <div class="buttons">
        <FilePicker
          accept=".safetensors"
          isDisabled={engineStatus.value.state !== 'ready'}
          testId={testId}
          onPick={([file]) => void open(file!)}
        >
          {children}
        </FilePicker>
      </div>
      <Fault text={fault} />
    </>
  );
}
