/** A button that opens files. The browser's own control, which looks like none of ours, is behind it. */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

export interface FilePickerProps {
  /** Told what was picked: at least one file. */
  readonly onPick: (files: readonly File[]) => void;
  readonly children: ComponentChildren;
  /** As of `<input accept>`. */
  readonly accept?: string;
  /** Otherwise one. */
  readonly isMultiple?: boolean;
  /** A folder with all that lies in it. */
  readonly isFolder?: boolean;
  readonly isDisabled?: boolean;
  /** Of the button. */
  readonly class?: string;
  /** Of the browser's control. */
  readonly testId?: string;
}

export function FilePicker({
  onPick,
  children,
  accept,
  isMultiple,
  isFolder,
  isDisabled,
  class: name,
  testId,
}: FilePickerProps) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class={name} disabled={isDisabled} onClick={() => picker.current!.click()}>
        {children}
      </button>
      <input
        ref={picker}
        type="file"
        accept={accept}
        multiple={isMultiple}
        {...(isFolder ? { webkitdirectory: true } : {})}
        hidden
        data-testid={testId}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          currentTarget.value = ''; // or the same file could not be picked again
          if (files.length > 0) onPick(files);
        }}
      />
    </>
  );
}
