/** What went wrong, in a sentence that is read out; nothing where it is empty. */
export function Fault({ text }: { readonly text: string }) {
  if (text === '') return null;
  return (
    <p class="error-text" role="alert">
      {text}
    </p>
  );
}
