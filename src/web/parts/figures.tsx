/** Numbers in a row, each below its name. */
export interface Figure {
  readonly name: string;
  readonly text: string;
  /** The exact number, for tests. */
  readonly value?: number;
  /** Test id. */
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
