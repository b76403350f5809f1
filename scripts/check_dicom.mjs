// Reads the files of scripts/make_dicom.py with the built library, and prints by how much their pixels differ from
// pydicom's, per transfer syntax, on the scale 0..255.
//   node scripts/check_dicom.mjs OUT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';

/** More is a fault of either reader. */
const MAX_DIFFERENCE = 1;

const [out] = process.argv.slice(2);
await ensureBuilt();
const { decodeImage } = await import('../dist/node.js');
const rows = new Map();
for (const { name, syntax } of JSON.parse(readFileSync(join(out, 'files.json'), 'utf8'))) {
  const row = rows.get(syntax) ?? { files: 0, read: 0, most: 0, problems: [] };
  rows.set(syntax, row);
  row.files++;
  try {
    const { pixels } = await decodeImage(readFileSync(join(out, `${name}.dcm`)), name);
    row.read++;
    const expected = readFileSync(join(out, `${name}.raw`));
    const step = pixels.length / expected.length;
    const most = expected.reduce((so, value, i) => Math.max(so, Math.abs(value - pixels[i * step])), 0);
    row.most = Math.max(row.most, most);
    if (most > MAX_DIFFERENCE) row.problems.push(`${name}: differs by ${most}`);
  } catch (error) {
    row.problems.push(error.message);
  }
}
console.log('| transfer syntax | files | read | largest difference of 255 |\n| --- | --- | --- | --- |');
for (const [syntax, { files, read, most }] of rows) console.log(`| ${syntax} | ${files} | ${read} | ${most} |`);
const problems = [...rows.values()].flatMap(row => row.problems);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
