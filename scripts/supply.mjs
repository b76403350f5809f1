// Checks the published package and its dependencies: node scripts/supply.mjs. Needs a registry for npx and npm audit.
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
report('deprecated packages', deprecatedPackages());
report('install scripts', installScriptProblem());
report(
  'licences',
  licenceSection() === writtenSection() ? '' : 'THIRD_PARTY_NOTICES.md is out of date. Run node scripts/licences.mjs',
);
report('bundled data', hashProblem());
const tarball = pack();
if (tarball) {
  report('publint', run('npx', ['--yes', TOOLS.publint, 'run', tarball, '--strict']));
  report('are the types wrong', run('npx', ['--yes', '-p', TOOLS.attw, 'attw', tarball, '--profile', 'esm-only']));
  rmSync(tarball, { force: true });
}
await reportAudit('npm audit, runtime dependencies', ['--omit=dev']);
await reportAudit('npm audit, all dependencies', []);
await reportAudit('npm audit signatures', ['signatures']);
process.exitCode = failed ? 1 : 0;

function report(what, problem) {
  console.log(`${what}: ${problem === '' ? 'ok' : `FAULT\n${problem}`}`);
  failed ||= problem !== '';
}

/** Reports an audit. An unanswered audit neither counts as a fault nor as a pass. */
async function reportAudit(what, args) {
  const { state, text } = await audit(args);
  if (state === 'unanswered') console.log(`${what}: NOT DONE, the registry does not support it or cannot be reached`);
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
    .map(line => `${line.slice(66)} does not match its SHA-256 in SHA256SUMS`)
    .join('\n');
}

/** Builds and packs the package and checks its content. Returns the tarball's path. */
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
  const extra = names.filter(name => MUST_NOT_HAVE.test(name)).map(name => `${name} must not be in the package`);
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
