/** The checks of scripts/supply.mjs that need no registry. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { licenceSection, writtenSection } from '../../scripts/licences.mjs';
import { deprecatedPackages, installScriptProblem, lockFileProblem } from '../../scripts/lock_file.mjs';
import { root } from '../cli/run.ts';

const sums = new Map(
  readFileSync(join(root, 'SHA256SUMS'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => [line.slice(66), line.slice(0, 64)]),
);

it('every dependency is pinned by a hash, none is deprecated, and only known ones have install scripts', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  expect(Object.keys(packages).length).toBeGreaterThan(100);
  expect([lockFileProblem(), deprecatedPackages(), installScriptProblem()]).toEqual(['', '', '']);
});

it('THIRD_PARTY_NOTICES.md lists the licences of the lock file (update: node scripts/licences.mjs)', () => {
  expect(writtenSection()).toBe(licenceSection());
});

it('SHA256SUMS matches the bundled data and lists all of it', () => {
  for (const [path, sum] of sums) {
    expect(
      createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex'),
      path,
    ).toBe(sum);
  }
  for (const folder of ['heads', 'sample']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile())
        expect(
          [...sums.keys()].some(path => path.endsWith(`/${entry.name}`)),
          entry.name,
        ).toBe(true);
    }
  }
});
