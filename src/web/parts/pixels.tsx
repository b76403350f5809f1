/** A canvas with the given pixels, scaled to its container. */
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface PixelsProps {
  readonly width: number;
  readonly height: number;
  /** [height, width, 4] */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  readonly class?: string;
  readonly opacity?: number;
}

export function Pixels({ width, height, rgba, class: name, opacity }: PixelsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    canvas.current!.getContext('2d')!.putImageData(new ImageData(rgba, width, height), 0, 0);
  }, [rgba, width, height]);
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas takes no focus
  return <canvas ref={canvas} width={width} height={height} class={name} style={{ opacity }} aria-hidden="true" />;
}
