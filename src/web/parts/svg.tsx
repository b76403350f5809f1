/** An SVG from `src/report`. The page's policy blocks its `style` attributes, so they are applied one by one. */
import { useLayoutEffect, useRef } from 'preact/hooks';

const WAITING = 'data-style';

export function Svg({ markup, class: name }: { readonly markup: string; readonly class?: string }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { current } = place;
    current!.innerHTML = markup.replaceAll(' style="', ` ${WAITING}="`);
    for (const element of current!.querySelectorAll<SVGElement>(`[${WAITING}]`)) {
      element.style.cssText = element.getAttribute(WAITING)!;
      element.removeAttribute(WAITING);
    }
  }, [markup]);
  return <div ref={place} class={name} />;
}
