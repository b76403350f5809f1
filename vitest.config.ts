import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { PATIENCE_MS } from './test/harness/patience.ts';

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
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    teardownTimeout: PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    globalSetup: 'test/harness/global_setup.ts',
    setupFiles: 'test/harness/setup.ts',
    pool: 'forks',
    maxWorkers: 2,
  },
});
