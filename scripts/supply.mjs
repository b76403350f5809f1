// What is published and what it is made of: `node scripts/supply.mjs`. Needs a registry for npx and for npm audit.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { ensureInstalled, root } from './ensure_installed.mjs';
import { licenceSection, writtenSection } from './licences.mjs';
import { deprecatedPackages, installScriptProblem, lockFileProblem } from './lock_file.mjs';

const TOOLS = { publint: 'publint@0.3.25', attw: '@arethetypeswrong/cli@0.18.5' };
const MUST_HAVE = [
  'bin/raycam.mjs',
  'dist/cli.js',
  'dist/node.js',
  'dist/browser.js',
  'dist/wasm.js',
  'dist/types/node.d.ts',
  'LICENSE',
  'THIRD_PARTY_NOTICES.md',
];
const MUST_NOT_HAVE = /^(src|test|scripts|shaders|node_modules|runs)\/|\.pth$|\.tgz$/;

ensureInstalled();
let failed = false;
report('lock file', lockFileProblem());
report('withdrawn by their authors', deprecatedPackages());
report('programs that run when it is installed', installScriptProblem());
report('licences', licenceSection() === writtenSection() ? '' : 'out of date. Run node scripts/licences.mjs');
report('bundled data', hashProblem());
const tarball = pack();
if (tarball) {
  report('publint', run('npx', ['--yes', TOOLS.publint, 'run', tarball, '--strict']));
  report('are the types wrong', run('npx', ['--yes', '-p', TOOLS.attw, 'attw', tarball, '--profile', 'esm-only']));
  rmSync(tarball, { force: true });
}
await reportAudit('npm audit, what is installed with raycam', ['--omit=dev']);
await reportAudit('npm audit, what it is built and tested with', []);
await reportAudit('npm audit signatures', ['signatures']);
process.exitCode = failed ? 1 : 0;

function report(what, problem) {
  console.log(`${what}: ${problem === '' ? 'ok' : `FAULT\n${problem}`}`);
  failed ||= problem !== '';
}

/** A registry that does not answer is no fault of the packages, and no proof either. */
async function reportAudit(what, args) {
  const { state, text } = await audit(args);
  if (state === 'unanswered') console.log(`${what}: NOT DONE, the registry in use does not answer this`);
  else report(what, state === 'clean' ? '' : text);
}

function hashProblem() {
  return readFileSync(join(root, 'SHA256SUMS'), 'utf8')
    .trimEnd()
    .split('\n')
    .filter(
      line =>
        createHash('sha256')
          .update(readFileSync(join(root, line.slice(66))))
          .digest('hex') !== line.slice(0, 64),
    )
    .map(line => `${line.slice(66)} is not the file that SHA256SUMS names`)
    .join('\n');
}

/** Builds, packs, looks at what is in it; returns the tarball. */
function pack() {
  const packed = spawnSync('npm', ['pack', '--json'], { cwd: root, encoding: 'utf8', maxBuffer: 64e6 });
  const json = packed.stdout.slice(packed.stdout.indexOf('[\n'));
  if (packed.status !== 0) {
    report('package', packed.stderr);
    return undefined;
  }
  const [{ filename, files, size, unpackedSize }] = JSON.parse(json);
  const names = files.map(({ path }) => path);
  const missing = MUST_HAVE.filter(name => !names.includes(name)).map(name => `${name} is missing`);
  const extra = names.filter(name => MUST_NOT_HAVE.test(name)).map(name => `${name} has no business in it`);
  report(
    `package (${names.length} files, ${(size / 1e6).toFixed(1)} MB, unpacked ${(unpackedSize / 1e6).toFixed(1)} MB)`,
    [...missing, ...extra].join('\n'),
  );
  return join(root, filename);
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`;
}
