// Draws docs/resnet152.svg, the chart of the README, from the measurements in results/.
//   npm run bench:peers -- --adapter wasm --out results/wide.peers.json   (in Node 24 to 26; wasm2.peers.json in Node 20)
//   node scripts/draw_peers.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure_installed.mjs';

const RUNS = ['results/wide.peers.json', 'results/wasm2.peers.json'];
const MODEL = 'resnet152';
const NAMES = {
  raycam: 'Raycam, WebAssembly',
  'onnxruntime-web, WebAssembly': 'ONNX Runtime Web, WebAssembly',
  'TensorFlow.js, WebAssembly, 1 thread': 'TensorFlow.js, WebAssembly (1 thread)',
  'onnxruntime-node, native CPU': 'ONNX Runtime, native CPU',
};
const [WIDTH, LABEL, BAR, GAP, TOP] = [820, 270, 22, 8, 56];

const groups = RUNS.map(file => JSON.parse(readFileSync(join(root, file), 'utf8'))).map(({ environment, rows }) => ({
  title: `Node ${environment.node.replace(/^v(\d+).*/, '$1')}, 2 threads`,
  rows: rows.filter(({ model, batch }) => model === MODEL && batch === 1).sort((a, b) => a.medianMs - b.medianMs),
}));
const most = Math.max(...groups.flatMap(({ rows }) => rows.map(({ medianMs }) => medianMs)));
const scale = (WIDTH - LABEL - 90) / most;

let y = TOP;
const parts = [];
for (const { title, rows } of groups) {
  parts.push(`<text class="group" x="16" y="${y + 14}">${title}</text>`);
  y += 26;
  for (const { name, medianMs } of rows) {
    const width = Math.max(1, medianMs * scale);
    const style = name === 'raycam' ? 'own' : 'peer';
    parts.push(
      `<text x="${LABEL - 10}" y="${y + 16}" text-anchor="end">${NAMES[name] ?? name}</text>`,
      `<rect class="${style}" x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3"/>`,
      `<text x="${(LABEL + width + 8).toFixed(1)}" y="${y + 16}">${medianMs.toFixed(0)} ms</text>`,
    );
    y += BAR + GAP;
  }
  y += 14;
}
const { cpu, cores, date } = JSON.parse(readFileSync(join(root, RUNS[0]), 'utf8')).environment;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 22}" width="${WIDTH}" height="${y + 22}" role="img">
<style>
text { font: 14px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.group { font-weight: 600 }
.note { font-size: 12px; fill: #57606a }
.own { fill: #0969da }
.peer { fill: #8c959f }
</style>
<rect width="100%" height="100%" fill="#ffffff"/>
<text class="title" x="16" y="28">ResNet-152 without a GPU: time per image (shorter is better)</text>
${parts.join('\n')}
<text class="note" x="16" y="${y + 8}">Batch 1, 224 x 224, medians of programs that take turns; ${cores} cores of ${cpu}, ${date.slice(0, 10)}</text>
</svg>
`;
writeFileSync(join(root, 'docs/resnet152.svg'), svg);
