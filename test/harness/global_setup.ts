import { buildAll } from '../../scripts/build.mjs';

/** Tests of the command line run what users run: the bundle. */
export default async function setup(): Promise<void> {
  await buildAll();
}
