/**
 * `make FOLDER` prepares the input of every case. `use FOLDER [NUMBER…]` runs all cases, or those with these numbers,
 * and prints one outcome per line. The two are separate, so that preparing an input does not count towards its cost.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { IMAGES } from './images.ts';
import { CASES, runCase } from './run_case.ts';
import { WEIGHTS } from './weights.ts';

const [mode, root, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];

if (mode === 'make') {
  for (const [i, hostile] of CASES.entries()) {
    mkdirSync(`${root}/${i}/input`, { recursive: true });
    writeFileSync(`${root}/${i}/path`, await hostile.make(`${root}/${i}/input`));
  }
  console.log(CASES.length);
} else {
  await warmUp();
  const chosen = numbers.length > 0 ? numbers.map(Number) : [...CASES.keys()];
  for (const i of chosen) {
    const folder = `${root}/${i}/input`;
    const input = readFileSync(`${root}/${i}/path`, 'utf8');
    const before = listing(root);
    const outcome = await runCase(CASES[i]!, input, folder);
    // Only a store may write, and only into its own folder.
    const stray = listing(root).filter(name => !before.includes(name));
    const fault = stray.length > 0 ? `left ${stray.join(', ')}` : outcome.fault;
    console.log(JSON.stringify({ ...outcome, fault }));
  }
}

/** Loads what is loaded only once, so that it does not count against the first case: the image decoder takes 30 MB. */
async function warmUp(): Promise<void> {
  const picture = CASES.indexOf(IMAGES[0]!);
  await IMAGES[0]!.use(readFileSync(`${root}/${picture}/path`, 'utf8'), root);
  const weights = CASES.indexOf(WEIGHTS[0]!);
  if (existsSync(`${root}/${weights}/path`)) {
    await WEIGHTS[0]!.use(readFileSync(`${root}/${weights}/path`, 'utf8'), root).catch(() => undefined);
  }
}

function listing(folder: string): string[] {
  return [...readdirSync(folder), ...readdirSync('.')];
}
