// Reports on a GPU, in addition to the ratios: the share of the measured multiply-add peak at batch 32, and the error of
// every variant of the convolution.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export function gpuReport() {
  const model = raycam('model', 'resnet152', '--batch', '32', '--no-memory');
  const single = raycam('model', 'resnet152', '--no-memory');
  const variants = raycam('conv2d', '--batch', '32', '--variant', 'all');
  const share = model.gflops / model.fmaGflops;
  console.log(
    [
      '',
      `multiply-add peak ${model.fmaGflops.toFixed(0)} GFLOP/s; ResNet-152 at batch 32: ${model.gflops.toFixed(0)} GFLOP/s, ${(100 * share).toFixed(0)} % of the peak`,
      `host cost of a forward at batch 1: ${single.forward.host.median.toFixed(2)} ms, ${single.forward.hostAhead.median.toFixed(2)} ms with commands encoded ahead; peak memory ${single.memory[0].ratio.toFixed(2)} times the weights`,
      '',
      '| convolution | variant | GFLOP/s | error |',
      '| --- | --- | ---: | ---: |',
      ...variants.rows.map(
        ({ shape, variant, gflops, error }) =>
          `| ${shape} | ${variant} | ${gflops.toFixed(0)} | ${error.toExponential(1)} |`,
      ),
    ].join('\n'),
  );
  return { model, single, variants };
}

function raycam(...args) {
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const ran = spawnSync(process.execPath, [cli, 'bench', ...args, '--adapter', 'gpu', '--json', '--quiet'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (ran.status !== 0)
    throw new Error(`raycam bench ${args.join(' ')} failed: ${ran.stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(ran.stdout);
}
