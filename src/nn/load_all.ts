/**
 * Loads one after the other. Where one fails, those before it are disposed of: nothing stays on the device.
 *
 * @throws what the loading threw
 */
export async function loadAll<Loaded extends ({ dispose(): void } | undefined)[]>(
  ...loads: { readonly [Index in keyof Loaded]: () => Promise<Loaded[Index]> }
): Promise<Loaded> {
  const loaded: ({ dispose(): void } | undefined)[] = [];
  try {
    for (const load of loads) loaded.push(await load());
    return loaded as Loaded;
  } catch (error) {
    for (const one of loaded) one?.dispose();
    throw error;
  }
}
