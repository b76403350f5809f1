/** A drop-down list. */
import type { ComponentChildren } from 'preact';

export interface SelectOption {
  readonly value: string;
  readonly text: string;
  readonly isDisabled?: boolean;
}

export interface SelectProps {
  readonly label: ComponentChildren;
  readonly value: string;
  readonly options: readonly SelectOption[];
  readonly onChange: (value: string) => void;
  readonly isDisabled?: boolean;
  /** Whether the label is before the control instead of above it. */
  readonly isInRow?: boolean;
  readonly testId: string;
}

export function Select({ label, value, options, onChange, isDisabled, isInRow, testId }: SelectProps) {
  return (
    <label class={isInRow ? 'field-row' : 'field'}>
      {isInRow ? label : <span>{label}</span>}
      <select
        value={value}
        disabled={isDisabled}
        data-testid={testId}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      >
        {options.map(option => (
          <option key={option.value} value={option.value} disabled={option.isDisabled}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  );
}
