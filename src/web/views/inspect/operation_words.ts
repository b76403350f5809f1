/** Describes operations in words and numbers. */
import type { Operation } from '../../../inspection/operations.ts';

/** Formats a shape as `256 × 56 × 56`, or as `2048` for a vector. */
export function formatShape([channels, height, width]: Operation['shape']): string {
  return height === 1 && width === 1 ? String(channels) : `${channels} × ${height} × ${width}`;
}

/** Formats a count with a unit prefix: `2.36 M`. */
export function formatCount(count: number): string {
  if (count === 0) return '–';
  const [power, unit] = count >= 1e9 ? [1e9, ' G'] : count >= 1e6 ? [1e6, ' M'] : count >= 1e3 ? [1e3, ' k'] : [1, ''];
  return `${(count / power).toPrecision(count / power >= 100 ? 3 : count < 1000 ? 1 + Math.floor(Math.log10(count)) : 3)}${unit}`;
}

export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return '';
  return ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

/** Returns an operation's name inside its unit: `conv2`. */
export function shortName({ path, unit }: Operation): string {
  return path.startsWith(`${unit}.`) ? path.slice(unit.length + 1).replace(/:\d$/, '') : path;
}

/** Returns the window, and the stride if it is not 1: `3×3 /2`. */
export function windowOf({ convolution, kind }: Operation): string {
  if (kind === 'max pool') return '3×3 /2';
  if (!convolution) return '';
  const { kernelSize, stride } = convolution;
  return `${kernelSize}×${kernelSize}${stride > 1 ? ` /${stride}` : ''}`;
}

export function describeOperation(operation: Operation): string {
  const { kind, shape, shortcut, convolution, unit } = operation;
  const inShortcut = operation.path.includes('downsample') ? ' on the shortcut' : '';
  switch (kind) {
    case 'convolution':
      return `${convolution!.kernelSize} × ${convolution!.kernelSize} convolution${convolution!.stride > 1 ? ', stride 2' : ''}: ${convolution!.channels} to ${shape[0]} channels${inShortcut}`;
    case 'batch norm':
      return `batch norm: shifts and scales each channel as learnt in training${inShortcut}`;
    case 'relu':
      return shortcut
        ? `adds the shortcut, then sets negative values to 0: the output of ${unit}`
        : 'sets negative values to 0';
    case 'max pool':
      return 'the maximum of each 3 × 3 window, stride 2';
    case 'average pool':
      return 'the mean of each channel: the features that the head reads';
    case 'linear':
      return 'the classifier that came with the weights; for the verdict, the head replaces it';
  }
}
