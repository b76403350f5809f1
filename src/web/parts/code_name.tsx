/** A name of code, which may break after its underscores where room is short. */
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
