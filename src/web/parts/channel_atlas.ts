/** One picture of all channels of an activation. Drawing a thumbnail again only copies from it. */
import { type MapScale, paintMap, signedScale } from '../../report/map_raster.ts';

export interface ChannelValues {
  /** [C, H, W] */
  readonly shape: readonly [number, number, number];
  readonly values: Float32Array;
  /** [C] each. */
  readonly min: ArrayLike<number>;
  readonly max: ArrayLike<number>;
  /** The ends of the scale that all channels share. */
  readonly bounds: readonly [number, number];
}

export interface ChannelAtlas {
  readonly canvas: OffscreenCanvas;
  /**
   * Paints the channels that are still missing. Painting all at once would block the page; painting each one just
   * before it is drawn would copy the whole picture each time.
   */
  paint(channels: Iterable<number>): void;
  /** Returns a channel's position in the canvas. */
  place(channel: number): { readonly x: number; readonly y: number };
  /** Returns a channel's colour scale. */
  scale(channel: number): MapScale;
}

/** Returns the scale of an activation: from 0 if no value is negative, otherwise centred on 0. */
export function scaleOfRange(least: number, greatest: number): MapScale {
  return least < 0 ? signedScale([least, greatest]) : { bounds: [0, greatest], colormap: 'inferno' };
}

/** Creates an atlas. With `isShared` all channels have one scale, otherwise each has its own. */
export function channelAtlas({ shape, values, min, max, bounds }: ChannelValues, isShared: boolean): ChannelAtlas {
  const [channels, height, width] = shape;
  const columns = Math.ceil(Math.sqrt((channels * height) / width));
  const rows = Math.ceil(channels / columns);
  const canvas = new OffscreenCanvas(columns * width, rows * height);
  const context = canvas.getContext('2d')!;
  // A channel's own scale is signed if the activation is, so that a channel without negative values stays comparable.
  const isSigned = bounds[0] < 0;
  const whole = scaleOfRange(...bounds);
  const scale = (channel: number) =>
    isShared ? whole : scaleOfRange(isSigned ? Math.min(min[channel]!, -Number.MIN_VALUE) : 0, max[channel]!);
  const area = height * width;
  const isPainted = new Uint8Array(channels);
  const place = (channel: number) => ({ x: (channel % columns) * width, y: Math.floor(channel / columns) * height });
  const paint = (wanted: Iterable<number>) => {
    for (const channel of wanted) {
      if (isPainted[channel]) continue;
      const rgba = paintMap(values.subarray(channel * area, (channel + 1) * area), scale(channel));
      const { x, y } = place(channel);
      context.putImageData(new ImageData(rgba, width, height), x, y);
      isPainted[channel] = 1;
    }
  };
  return { canvas, paint, place, scale };
}
