/**
 * The import rules of `src`, checked by `npm run check` and `npm test`. Type imports count.
 *
 * LAYERS lists the folders from the highest to the lowest. A folder may import those below it; folders in the same
 * entry may not import each other.
 */
const LAYERS = [
  ['cli'],
  ['server', 'web'],
  ['bench'],
  ['doctor', 'inspection', 'oracle'],
  ['inference'],
  ['observe', 'report', 'train'],
  ['data', 'nn'],
  ['autograd', 'weights'],
  ['kernels'],
  ['runtime'],
  ['wasm'],
  ['platform'],
  ['dicom'],
  ['images'],
  ['errors'],
];

/** Imports between folders of the same layer, or upwards, with the reason. */
const EXCEPTIONS = [
  {
    from: '^src/server/',
    to: '^src/web/shared/site\\.ts$',
    reason: 'the server writes the site description that the page reads; the type belongs to the page',
  },
];

/** Files that may import each other in a circle, with the reason. At most four. */
const CIRCLES = [
  {
    files: '^src/runtime/(captured_graph|device|dispatch|graph_memory|recorder|scopes|tensor)\\.ts$',
    reason: 'a tensor names its device, which creates tensors; a recorder replays graphs, which record',
  },
  {
    files: '^src/wasm/compiler/lower/(calls|expressions|statements|type_expressions)\\.ts$',
    reason: 'statements, expressions and calls are mutually recursive, as in WGSL',
  },
];

const folder = names => `^src/(${names.join('|')})/`;

const layerRules = LAYERS.map((names, i) => {
  const above = LAYERS.slice(0, i).flat();
  const forbidden = [...above, ...names];
  return {
    name: `layer-${names.join('-')}`,
    comment: `${names.join(', ')} must not import ${above.join(', ') || 'another folder of the same layer'}`,
    severity: 'error',
    from: { path: folder(names) },
    to: {
      path: folder(forbidden),
      // A folder may import its own files.
      pathNot: ['^src/$1/', ...EXCEPTIONS.filter(({ from }) => names.some(name => from.includes(`/${name}/`))).map(({ to }) => to)],
    },
  };
});

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'entry-points',
      comment: 'src/index.ts and src/node.ts re-export the library; nothing inside imports them',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'no-circle',
      comment: `Files must not import each other in a circle, apart from: ${CIRCLES.map(({ reason }) => reason).join('; ')}`,
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, via: { pathNot: CIRCLES.map(({ files }) => files).join('|') } },
    },
    {
      name: 'no-folder-circle',
      comment: 'Folders must not import each other in a circle',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^src/',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['default', 'import'], exportsFields: ['exports'] },
  },
};
