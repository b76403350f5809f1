/** An identifier that can wrap after its underscores. */
import { Fragment } from 'preact';

export function CodeName({ name }: { readonly name: string }) {
  return (
    <>
      {name.split('_').map((part, i) => (
        <Fragment key={i}>
          {i > 0 && '_'}
          {i > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </>
  );
}
