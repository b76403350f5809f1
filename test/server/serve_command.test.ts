import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { raycam, root, temporaryFolder } from '../cli/run.ts';

const cache = temporaryFolder();
let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

/** Runs `npm run serve` and returns the first line that it prints. */
async function serve(...args: string[]): Promise<{ url: string; model: string }> {
  child = spawn(process.execPath, ['scripts/serve.mjs', '--port', '0', '--json', '--cache-dir', cache, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! });
  const [line] = await once(lines, 'line');
  return JSON.parse(line);
}

describe('raycam serve', () => {
  it('serves the page on loopback until Ctrl-C', async () => {
    const { url, model } = await serve(
      '--offline',
      '--head',
      join(root, 'heads/chest_xray.resnet50.caffe_in1k.safetensors'),
    );
    expect(model).toBe('resnet50.caffe_in1k');
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const page = await (await fetch(url)).text();
    for (const [, file] of page.matchAll(/(?:src|href)="(assets\/[^"]+)"/g))
      expect((await fetch(new URL(file!, url))).status).toBe(200);
    const site = await (await fetch(new URL('raycam.json', url))).json();
    expect((await fetch(new URL(site.heads[0].url, url))).status).toBe(200);
    expect(site.images.length).toBe(100);
    child!.kill('SIGINT');
    const [code] = await once(child!, 'exit');
    expect(code).toBe(130);
  });

  it('rejects an unknown network and lists the known ones', async () => {
    const { status, stderr } = await raycam(['serve', '--backbone', 'resnet51', '--port', '0']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^raycam: unknown backbone "resnet51"\. Known: resnet152\.tv_in1k_v1, /);
  });
});
