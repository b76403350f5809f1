import { DeviceError } from '../errors/index.ts';

/**
 * The values, if every one is a number.
 *
 * @throws DeviceError  one is NaN or infinite: no score is shown after that
 */
export function finite(where: string, values: Float32Array): Float32Array {
  const at = values.findIndex(value => !Number.isFinite(value));
  if (at >= 0)
    throw new DeviceError(
      `${where}: element ${at} is ${values[at]}, a number was expected. Check the weights with \`raycam weights info\` and the adapter with \`raycam doctor\``,
    );
  return values;
}

/** All zeros is what a device gives that ran nothing: no layer of a trained network does. @throws DeviceError */
export function notAllZero(where: string, values: Float32Array): Float32Array {
  if (values.every(value => value === 0))
    throw new DeviceError(
      `${where}: every element is 0, as if nothing had run. Check the adapter with \`raycam doctor\``,
    );
  return values;
}
