/** Bundles a TypeScript file from the tests into one that Node can run. Returns its path. */
export function bundleTool(entry: string): Promise<string>;
