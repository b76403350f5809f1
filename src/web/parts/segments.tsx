/** A group of radio buttons in a row. */
import { useId } from 'preact/hooks';

export interface Segment {
  readonly value: string;
  readonly text: string;
  readonly title?: string;
  readonly isDisabled?: boolean;
}

export interface SegmentsProps {
  /** Label for screen readers; not shown. */
  readonly label: string;
  readonly value: string;
  readonly options: readonly Segment[];
  readonly onChange: (value: string) => void;
}

export function Segments({ label, value, options, onChange }: SegmentsProps) {
  const name = useId();
  return (
    <div class="segments" role="radiogroup" aria-label={label}>
      {options.map(option => (
        <label key={option.value} title={option.title}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            disabled={option.isDisabled}
            onChange={() => onChange(option.value)}
          />
          {option.text}
        </label>
      ))}
    </div>
  );
}
