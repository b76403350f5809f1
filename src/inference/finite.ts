import { DeviceError } from '../errors/index.ts';

/**
 * Returns the values unchanged, if all are finite.
 *
 * @throws DeviceError  a value is NaN or infinite, so every result that depends on it is meaningless
 */
export function finite(where: string, values: Float32Array): Float32Array {
  const at = values.findIndex(value => !Number.isFinite(value));
  if (at >= 0)
    throw new DeviceError(
      `${where}: element ${at} must be a finite number, got ${values[at]}. Check the weights with \`raycam weights info\` and the adapter with \`raycam doctor\``,
    );
  return values;
}

/**
 * Returns the values unchanged, unless all are 0. No layer of a trained network outputs only zeros, but a device that
 * does not run the shaders does.
 *
 * @throws DeviceError  every value is 0
 */
export function notAllZero(where: string, values: Float32Array): Float32Array {
  if (values.every(value => value === 0))
    throw new DeviceError(
      `${where}: every value is 0, so the device did not run the shaders. Check the adapter with \`raycam doctor\``,
    );
  return values;
}
