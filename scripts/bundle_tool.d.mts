/** Bundles a TypeScript file of the tests into one that Node runs by itself. Returns its path. */
export function bundleTool(entry: string): Promise<string>;
