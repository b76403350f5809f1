/** A button that opens files. It replaces the browser's own file control, which cannot be styled. */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

export interface FilePickerProps {
  /** Called with the picked files, at least one. */
  readonly onPick: (files: readonly File[]) => void;
  readonly children: ComponentChildren;
  /** Accepted file types, as in `<input accept>`. */
  readonly accept?: string;
  /** Whether several files can be picked. */
  readonly isMultiple?: boolean;
  /** Whether a folder is picked, with all files in it. */
  readonly isFolder?: boolean;
  readonly isDisabled?: boolean;
  /** CSS class of the button. */
  readonly class?: string;
  /** Test id of the hidden file control. */
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
          currentTarget.value = ''; // otherwise the same file could not be picked again
          if (files.length > 0) onPick(files);
        }}
      />
    </>
  );
}
