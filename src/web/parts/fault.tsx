/** An error message that screen readers announce. Renders nothing if it is empty. */
export function Fault({ text }: { readonly text: string }) {
  if (text === '') return null;
  return (
    <p class="error-text" role="alert">
      {text}
    </p>
  );
}
