/** Numbers in a row, each under its name. */
export interface Figure {
  readonly name: string;
  readonly text: string;
  /** The exact number, and by what tests find it. */
  readonly value?: number;
  readonly id?: string;
  readonly title?: string;
}

export function Figures({ figures, class: list }: { readonly figures: readonly Figure[]; readonly class: string }) {
  return (
    <dl class={list}>
      {figures.map(({ name, text, value, id, title }) => (
        <div key={name} title={title}>
          <dt>{name}</dt>
          <dd data-testid={id} data-value={value}>
            {text}
          </dd>
        </div>
      ))}
    </dl>
  );
}
