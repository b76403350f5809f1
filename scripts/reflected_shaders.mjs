// esbuild plugins that run `wgsl_reflect` on this repository's shaders at build time and bundle its results.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { root } from './ensure_installed.mjs';

const NAMESPACE = 'reflected-shaders';

/**
 * For the page: leaves the package out of the bundle (a quarter of its size). Reflecting other shaders throws an error.
 */
export const reflectedShaders = pluginOf(
  '',
  "throw new Error('this page was built without wgsl_reflect and can only reflect its own shaders')",
);

/** For Node: the package only reflects other shaders. Reflecting all of ours at each start would take 0.1 s. */
export const shadersReflectedBefore = pluginOf(
  "import { WgslReflect as Reader } from 'wgsl_reflect/wgsl_reflect.module.js';",
  'return new Reader(source)',
);

/**
 * Creates a plugin. `head` is the start of the module; `otherwise` is the code that runs for a shader that is not ours.
 */
function pluginOf(head, otherwise) {
  return {
    name: NAMESPACE,
    setup(build) {
      build.onResolve({ filter: /^wgsl_reflect\b/ }, ({ path, namespace }) =>
        namespace === NAMESPACE ? { path, external: true } : { path: 'wgsl_reflect', namespace: NAMESPACE },
      );
      build.onLoad({ filter: /./, namespace: NAMESPACE }, async () => ({
        contents: moduleOf(await reflectAll(), head, otherwise),
        loader: 'js',
      }));
    },
  };
}

/** Maps the hash of each shader's text to the reflection data that src/runtime/reflection.ts reads. */
async function reflectAll() {
  const { parseable } = await imported('src/runtime/parseable.ts');
  const table = {};
  const files = ['shaders', 'src'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true }).map(file => join(root, folder, file)),
  );
  for (const file of files.filter(name => name.endsWith('.wgsl'))) {
    const source = parseable(readFileSync(file, 'utf8'));
    const reflected = new WgslReflect(source);
    const key = hashOf(source);
    if (table[key]) throw new Error(`${file}: its text has the same hash as another shader`);
    table[key] = [
      reflected.entry.compute.map(({ name }) => name),
      Array.from(reflected.getBindGroups(), group => Array.from(group, variable => variable && pick(variable))),
      reflected.overrides.map(({ name }) => name),
    ];
  }
  return table;
}

/** Imports a source module that has no imports itself. */
async function imported(file) {
  const { transform } = await import('esbuild');
  const { code } = await transform(readFileSync(join(root, file), 'utf8'), { loader: 'ts', format: 'esm' });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

function pick({ name, access, size, members }) {
  if (!members) return [name, access];
  return [name, access, size, members.map(({ name: member, offset, type }) => [member, offset, type.name])];
}

/** Returns FNV-1a and the length; runs here and in the bundle. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return `${(hash >>> 0).toString(36)} ${text.length}`;
}

function moduleOf(table, head, otherwise) {
  return `
    ${head}
    const table = ${JSON.stringify(table)};
    ${hashOf}
    export class WgslReflect {
      constructor(source) {
        const known = table[hashOf(source)];
        if (!known) ${otherwise};
        const named = name => ({ name });
        const [entries, groups, overrides] = known;
        this.entry = { compute: entries.map(named) };
        this.overrides = overrides.map(named);
        this.groups = groups.map(group => group.map(variable => {
          const [name, access, size, members] = variable ?? [];
          const fields = members?.map(([member, offset, type]) => ({ name: member, offset, type: named(type) }));
          return variable && { name, access, size, members: fields };
        }));
      }
      getBindGroups() { return this.groups; }
    }`;
}
