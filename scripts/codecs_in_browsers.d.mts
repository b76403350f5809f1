import type { Plugin } from 'esbuild';

export const codecsInBrowsers: Plugin;
