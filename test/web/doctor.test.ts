import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raycam, records, temporaryFolder } from '../cli/run.ts';
import { type OpenSite, openSite } from './open_site.ts';

const folder = temporaryFolder();

describe('the self-test of the page', () => {
  let site: OpenSite;
  beforeAll(async () => {
    site = await openSite({ webgpu: false });
  });
  afterAll(() => site?.close());

  it('passes, and saves a report that raycam doctor can compare with its own', async () => {
    const page = await site.open('#weights');
    await page.getByRole('button', { name: 'Run the self-test' }).click();
    const lines = page.getByTestId('doctor').locator('li');
    await lines.first().waitFor();
    expect(await lines.allTextContents()).toEqual([
      expect.stringMatching(/^gpu: not available\. device: /),
      expect.stringMatching(/^swiftshader: not available\. /),
      expect.stringMatching(/^wasm, WebAssembly, .*: passes, largest error \d\.\de-\d \(0\.0001 allowed\)$/),
    ]);
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the report' }).click(),
    ]);
    const pages = join(folder, 'page.json');
    await saved.saveAs(pages);
    expect(JSON.parse(readFileSync(pages, 'utf8'))).toMatchObject({ passed: true, comparisons: [] });

    const own = await raycam(['doctor', '--adapter', 'wasm', '--json']);
    const nodes = join(folder, 'node.json');
    writeFileSync(nodes, own.stdout);
    const compared = await raycam(['doctor', '--compare', pages, nodes, '--json']);
    expect(compared.status).toBe(0);
    const [{ comparisons, passed }] = records(compared) as [{ comparisons: { between: string[] }[]; passed: boolean }];
    expect([passed, comparisons.map(({ between }) => between)]).toEqual([
      true,
      [[expect.stringMatching(/page\.json wasm$/), expect.stringMatching(/node\.json wasm$/)]],
    ]);

    const report = JSON.parse(readFileSync(pages, 'utf8'));
    report.adapters.at(-1).selfTest.layers[5].digest[3] += 1;
    writeFileSync(pages, JSON.stringify(report));
    const parted = await raycam(['doctor', '--compare', pages, nodes]);
    expect(parted.status).toBe(1);
    expect(parted.stdout).toContain(
      `differ: the first layer that diverges is ${report.adapters.at(-1).selfTest.layers[5].layer}`,
    );
  });
});
