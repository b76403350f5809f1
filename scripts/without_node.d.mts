import type { Plugin } from 'esbuild';

export const withoutNode: Plugin;
