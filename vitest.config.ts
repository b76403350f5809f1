import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Imports shaders as text, as esbuild does for the bundles. */
const wgsl = {
  name: 'wgsl',
  load(id: string) {
    return id.endsWith('.wgsl') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}` : undefined;
  },
};

export default defineConfig({
  plugins: [wgsl],
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: 'test/harness/global_setup.ts',
    setupFiles: 'test/harness/setup.ts',
    pool: 'forks',
    maxWorkers: 2,
  },
});
