/**
 * An esbuild plugin for bundles that browsers load: the modules of Node that packages import, and use in Node only,
 * are empty. As external modules, they would keep the script from loading.
 */
export const withoutNode = {
  name: 'without-node',
  setup(build) {
    build.onResolve({ filter: /^(fs|path)$/ }, ({ path }) => ({ path, namespace: 'without-node' }));
    build.onLoad({ filter: /./, namespace: 'without-node' }, () => ({ contents: 'module.exports = {}' }));
  },
};
