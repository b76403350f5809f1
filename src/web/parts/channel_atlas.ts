/** All channels of an activation as one picture, from which tiles are cut: drawing a tile is then one copy. */
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
  const place = (channel: number) => ({ x: (channel % columns) * width, y: Math.floor(channel / columns) * height });
  const area = height * width;
  const picture = new ImageData(columns * width, rows * height);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let channel = 0; channel < channels; channel++) {
    const { x, y } = place(channel);
    const painted = new Uint32Array(
      paintMap(values.subarray(channel * area, (channel + 1) * area), scale(channel)).buffer,
    );
    for (let row = 0; row < height; row++)
      pixels.set(painted.subarray(row * width, (row + 1) * width), (y + row) * columns * width + x);
  }
  context.putImageData(picture, 0, 0);
  return { canvas, place, scale };
}
