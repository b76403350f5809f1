/**
 * Runs the loads one after the other. If one fails, disposes of the results of those before it, so that nothing stays
 * on the device.
 *
 * @throws the error of the load that failed
 */
export async function loadAll<Loaded extends { dispose(): void }[]>(
  ...loads: { readonly [Index in keyof Loaded]: () => Promise<Loaded[Index]> }
): Promise<Loaded> {
  const loaded: { dispose(): void }[] = [];
  try {
    for (const load of loads) loaded.push(await load());
    return loaded as Loaded;
  } catch (error) {
    for (const one of loaded) one.dispose();
    throw error;
  }
}
