/** Compares Inspect, Ledger, Train and Kernels on the page with the command line. One browser for each adapter. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../cli/run.ts';
import { seriousFaults } from './inside/accessibility.ts';
import { type Expected, expectedOf } from './inside/expected.ts';
import { Inside } from './inside/inside.ts';
import { inspectTests } from './inside/inspect.ts';
import { kernelsTests } from './inside/kernels.ts';
import { ledgerTests } from './inside/ledger.ts';
import { trainTests } from './inside/train.ts';
import { tuningTests } from './inside/tuning.ts';

const temporary = temporaryFolder();
let expected: Expected;
beforeAll(async () => {
  expected = await expectedOf(temporary);
});

describe.each([
  { webgpu: true, adapter: 'swiftshader' },
  { webgpu: false, adapter: 'wasm' },
] as const)('WebGPU $webgpu', ({ webgpu, adapter }) => {
  const inside = new Inside(webgpu, adapter, temporary);
  beforeAll(() => inside.open(expected));
  afterAll(() => inside.site?.close());

  inspectTests(inside);
  ledgerTests(inside);
  trainTests(inside);
  kernelsTests(inside);
  if (!webgpu) tuningTests(inside); // it takes a minute on SwiftShader

  // The layout does not depend on the adapter.
  if (!webgpu)
    it.each([
      ['inspect', { layer: 'layer2.0.conv2', channel: '5', pixel: '100,100' }, 'formula-value'],
      ['ledger', { channel: '3', of: 'channel' }, 'ledger-logit'],
      ['train', {}, 'head-hash'],
      ['kernels', { layer: 'layer1.0.conv2' }, 'kernel-ms'],
    ])(
      '%s has no serious accessibility fault in light and dark, and fits 1024 and 390 pixels',
      async (view, changes, ready) => {
        await inside.show(view, changes as Record<string, string>);
        const { page } = inside;
        await page.getByTestId(ready).waitFor();
        expect(await seriousFaults(page)).toEqual([]);
      },
    );
  it('throws no error and sends no request to another host', () => {
    expect(inside.site.faults).toEqual([]);
  });
});
