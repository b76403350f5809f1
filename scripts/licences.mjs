// Lists what `npm install raycam` installs, by licence, from the lock file, in the marked section of
// THIRD_PARTY_NOTICES.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NOTICES = join(root, 'THIRD_PARTY_NOTICES.md');
const [BEGIN, END] = ['<!-- licences: node scripts/licences.mjs -->', '<!-- end of licences -->'];

/** Returns the section as the lock file requires it now. */
export function licenceSection() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const byLicence = new Map();
  for (const [path, { dev, license = 'not stated', version }] of Object.entries(packages)) {
    if (path === '' || dev) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (!byLicence.has(license)) byLicence.set(license, new Set());
    byLicence.get(license).add(`${name} ${version}`);
  }
  const rows = [...byLicence]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licence, names]) => `| ${licence} | ${[...names].sort().join(', ')} |`);
  return [BEGIN, '', '| licence | packages |', '|---|---|', ...rows, '', END].join('\n');
}

/** Returns the section that the file contains. */
export function writtenSection() {
  const text = readFileSync(NOTICES, 'utf8');
  return text.slice(text.indexOf(BEGIN), text.indexOf(END) + END.length);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = readFileSync(NOTICES, 'utf8');
  const start = text.indexOf(BEGIN);
  const kept = start < 0 ? `${text.trimEnd()}\n\n` : text.slice(0, start);
  const behind = start < 0 ? '\n' : text.slice(text.indexOf(END) + END.length);
  writeFileSync(NOTICES, kept + licenceSection() + behind);
}
