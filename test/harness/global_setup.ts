import { buildAll } from '../../scripts/build.mjs';

/** Builds the bundle, because tests of the command line run what users run. */
export default async function setup(): Promise<void> {
  await buildAll();
}
