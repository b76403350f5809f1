/** The channels of an activation as one picture, from which tiles are cut: drawing a tile once more is then one copy. */
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
   * Paints those channels that are not there yet: all at once would hold the page up, and each before it is drawn would copy the whole
   * picture each time.
   */
  paint(channels: Iterable<number>): void;
  /** Where a channel lies in it. */
  place(channel: number): { readonly x: number; readonly y: number };
  /** The colours of a channel. */
  scale(channel: number): MapScale;
}

/** Scales of activations: from 0 where nothing is negative, else with zero in the middle. */
export function scaleOfRange(least: number, greatest: number): MapScale {
  return least < 0 ? signedScale([least, greatest]) : { bounds: [0, greatest], colormap: 'inferno' };
}

/** `isShared` gives one scale to all channels, else each has its own. */
export function channelAtlas({ shape, values, min, max, bounds }: ChannelValues, isShared: boolean): ChannelAtlas {
  const [channels, height, width] = shape;
  const columns = Math.ceil(Math.sqrt((channels * height) / width));
  const rows = Math.ceil(channels / columns);
  const canvas = new OffscreenCanvas(columns * width, rows * height);
  const context = canvas.getContext('2d')!;
  // Each alone is signed or not as the whole is: a channel that happens to have no negative value stays comparable.
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
