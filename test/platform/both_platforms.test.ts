import { createHash } from 'node:crypto';
import * as path from 'node:path/posix';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as browser from '../../src/platform/browser.ts';
import * as node from '../../src/platform/node.ts';

afterEach(() => vi.unstubAllEnvs());

describe('node.ts and browser.ts', () => {
  it('export the same names', () => {
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
  });

  it('handle paths as node:path does', () => {
    const part = fc.constantFrom('a', 'b.png', 'dir', '', 'x.tar.gz');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.boolean(), (parts, rooted) => {
        const all = rooted ? ['/', ...parts] : parts;
        expect(browser.joinPath(...all)).toBe(path.join(...all));
        const joined = path.join(...all);
        expect(browser.directoryName(joined)).toBe(path.dirname(joined));
        expect(browser.baseName(joined)).toBe(path.basename(joined));
        expect(browser.baseName(joined, '.png')).toBe(path.basename(joined, '.png'));
      }),
    );
  });

  it('compute the same SHA-256, in one call and in pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), async parts => {
        const whole = Buffer.concat(parts);
        const expected = createHash('sha256').update(whole).digest('hex');
        for (const { createSha256, sha256 } of [node, browser]) {
          const hash = createSha256();
          for (const bytes of parts) hash.update(bytes);
          expect(hash.digestHex()).toBe(expected);
          expect(await sha256(whole)).toBe(expected);
        }
      }),
    );
  });

  it('compute the right SHA-256 for every length up to 130 bytes', () => {
    for (let length = 0; length <= 130; length++) {
      const bytes = new Uint8Array(length).fill(length);
      const hash = browser.createSha256();
      hash.update(bytes);
      expect(hash.digestHex()).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });
});

describe('browser.ts', () => {
  it('rejects opening a path and names the alternative', async () => {
    await expect(browser.openFile('head.safetensors')).rejects.toThrow(
      'head.safetensors: a page cannot open files by path. Ask the user to pick or drop the file, and pass it to blobSource',
    );
  });
});

describe('node.ts', () => {
  it('keeps the cache in RAYCAM_CACHE, otherwise in the system’s cache folder', () => {
    vi.stubEnv('RAYCAM_CACHE', '/data/raycam');
    expect(node.cacheDirectory()).toBe('/data/raycam');
    vi.stubEnv('RAYCAM_CACHE', '');
    expect(node.cacheDirectory()).toMatch(/raycam/);
    expect(node.environment('RAYCAM_CACHE')).toBeUndefined();
  });
});
