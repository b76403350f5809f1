/** Operations in words and figures. */
import type { Operation } from '../../../inspection/operations.ts';

/** `256 × 56 × 56`, or `2048` for a vector. */
export function formatShape([channels, height, width]: Operation['shape']): string {
  return height === 1 && width === 1 ? String(channels) : `${channels} × ${height} × ${width}`;
}

/** With a unit's prefix: `2.36 M`. */
export function formatCount(count: number): string {
  if (count === 0) return '–';
  const [power, unit] = count >= 1e9 ? [1e9, ' G'] : count >= 1e6 ? [1e6, ' M'] : count >= 1e3 ? [1e3, ' k'] : [1, ''];
  return `${(count / power).toPrecision(count / power >= 100 ? 3 : count < 1000 ? 1 + Math.floor(Math.log10(count)) : 3)}${unit}`;
}

export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return '';
  return ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

/** The name inside its unit: `conv2`. */
export function shortName({ path, unit }: Operation): string {
  return path.startsWith(`${unit}.`) ? path.slice(unit.length + 1).replace(/:\d$/, '') : path;
}

/** `3×3 /2`: the window, and the stride where it is not 1. */
export function windowOf({ convolution, kind }: Operation): string {
  if (kind === 'max pool') return '3×3 /2';
  if (!convolution) return '';
  const { kernel, stride } = convolution;
  return `${kernel}×${kernel}${stride > 1 ? ` /${stride}` : ''}`;
}

export function describeOperation(operation: Operation): string {
  const { kind, shape, shortcut, convolution, unit } = operation;
  const inShortcut = operation.path.includes('downsample') ? ' on the shortcut' : '';
  switch (kind) {
    case 'convolution':
      return `${convolution!.kernel} × ${convolution!.kernel} convolution${convolution!.stride > 1 ? ` at every second pixel` : ''}: ${convolution!.channels} channels into ${shape[0]}${inShortcut}`;
    case 'batch norm':
      return `batch norm: each channel shifted and scaled as in training${inShortcut}`;
    case 'relu':
      return shortcut
        ? `adds the shortcut, then keeps what is above 0: the output of ${unit}`
        : 'keeps what is above 0';
    case 'max pool':
      return 'the greatest of each 3 × 3 window, every second pixel';
    case 'average pool':
      return 'the mean of each channel: these features are what the head reads';
    case 'linear':
      return 'the classifier that came with the weights; the verdict is the head’s, which stands in its place';
  }
}
