// An esbuild plugin: codecs of DICOM files require modules of Node, which they use in Node only.

/** Gives the codecs empty modules in bundles for browsers. Other packages have their own replacements. */
export const codecsInBrowsers = {
  name: 'codecs-in-browsers',
  setup(build) {
    build.onResolve({ filter: /^(fs|path)$/ }, ({ path, importer }) =>
      /[\\/]@cornerstonejs[\\/]/.test(importer) ? { path, namespace: 'empty' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'empty' }, () => ({ contents: 'module.exports = {};' }));
  },
};
