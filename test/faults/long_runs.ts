/** Runs one kind of work for scripts/soak.mjs. Returns the text to print. */

import { predictFiles } from './predict_files.ts';
import { runSoak } from './run_soak.ts';
import type { Holding, SoakOptions } from './soak.ts';

export async function runLong(
  work: string,
  options: SoakOptions & { readonly root: string; readonly bundle: string },
): Promise<string> {
  const where = `${options.adapter}${options.adapter === 'wasm' ? `, ${options.threads} threads` : ''}`;
  if (work === 'files') {
    const { files, broken, named, answered, wrong, status, elapsedMs, peakRssMB } = await predictFiles(options);
    return [
      `files on ${where}: ${files} in ${seconds(elapsedMs)}, exit status ${status}`,
      `  broken files: ${broken}, named: ${named}; valid files: ${files - broken}, answered: ${answered}; wrong answers: ${wrong}`,
      `  peak memory ${peakRssMB.toFixed(0)} MB`,
    ].join('\n');
  }
  const result = await runSoak(options.bundle, work, options);
  const { count, elapsedMs, holdings, differing, idleCpuMs, peakWasmBytes, peakRssMB, afterwards } = result;
  return [
    `${work} on ${where}: ${count} in ${seconds(elapsedMs)}, results that differ from the first one: ${differing}`,
    ...['after a tenth', 'halfway', 'at the end'].map((when, i) => `  ${when.padEnd(14)}${describe(holdings[i]!)}`),
    `  ${'afterwards'.padEnd(14)}${describe(afterwards)}`,
    `  peak memory ${peakRssMB.toFixed(0)} MB, ${(peakWasmBytes / 1e6).toFixed(1)} MB on the device; ${idleCpuMs.toFixed(1)} ms of CPU time per idle second; the process ended`,
  ].join('\n');
}

function describe({ rssMB, heapMB, liveBytes, pooledBytes, wasmReservedBytes, threads, files }: Holding): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return `process ${rssMB.toFixed(0)} MB, JavaScript ${heapMB.toFixed(1)} MB; tensors ${megabytes(liveBytes)} MB, pooled ${megabytes(pooledBytes)} MB, wasm memory ${megabytes(wasmReservedBytes)} MB; ${threads} threads, ${files} files`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
