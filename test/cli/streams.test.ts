import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { printable } from '../../src/cli/common/output.ts';
import { raycam, root, shell, temporaryFolder } from './run.ts';
import { picture, type SmallNetwork, writeSmallNetwork } from './small_network.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => join(folder, ...parts);
const VERDICT = /^NORMAL {2}1\.0000 {2}\S+\/1\.png\n$/;
let small: SmallNetwork;

beforeAll(async () => {
  small = await writeSmallNetwork(folder);
  for (const name of ['1.png', '2.png', '3.png']) writeFileSync(at(name), await picture(name.charCodeAt(0)));
});

describe.skipIf(process.platform === 'win32')('a command goes on when', () => {
  it('nobody reads standard error', async () => {
    const ran = await shell('$RAYCAM predict "$@" 2> >(true)', [at('1.png'), ...small.head]);
    expect(ran.stdout).toMatch(VERDICT);
    expect(ran.status).toBe(0);
  });

  it('standard error is closed', async () => {
    const ran = await shell('$RAYCAM predict "$@" 2>&-', [at('1.png'), ...small.head]);
    expect(ran.stdout).toMatch(VERDICT);
    expect(ran.status).toBe(0);
  });

  it('the reader of its verdicts ends: cam draws all pictures', async () => {
    const images = ['1.png', '2.png', '3.png'].map(name => at(name));
    const script = '$RAYCAM cam "$@" | head -1; echo "$PIPESTATUS"; ls "$0"';
    const ran = await shell(script.replace('"$0"', `'${at('maps')}'`), [
      ...images,
      '--out',
      at('maps'),
      '--quiet',
      ...small.head,
    ]);
    const [verdict, ...rest] = ran.stdout.trim().split('\n');
    expect(verdict).toContain(`${at('maps/1.cam.png')}  `);
    expect(rest).toEqual(['0', '1.cam.png', '2.cam.png', '3.cam.png']);
    expect(ran.stderr).toBe('');
  });

  it('the reader of its help has ended', async () => {
    expect(await shell('$RAYCAM --help | true; echo "$PIPESTATUS"')).toEqual({
      status: 0,
      stdout: '0\n',
      stderr: '',
    });
  });
});

describe.runIf(process.platform === 'linux')('one sentence and exit status 1 for', () => {
  it('standard output on a full disk', async () => {
    const ran = await shell('$RAYCAM weights list > /dev/full');
    expect(ran).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'raycam: standard output: cannot be written (the disk is full). Free some space or choose a path on another disk\n',
    });
  });

  const sample = join(root, 'sample/chest_xray');
  for (const [what, args, path] of [
    ['grid', `grid ${sample} --out g.png`, 'g.png'],
    ['grid in a new folder', `grid ${sample} --out a/b/g.png`, 'a/b/g.png'],
    ['cam', `cam ${sample}/test/NORMAL/IM-0011-0001.jpeg --out maps --offline`, 'maps'],
    ['weights convert', 'weights convert "$1" out/x.safetensors', 'out/x.safetensors'],
    ['features', 'features "$2" --out f.npy --weights "$1" --adapter wasm --quiet', 'f.npy'],
  ] as const)
    it(`${what} where the current folder was deleted`, async () => {
      const ran = await shell(`cd "$(mktemp -d)" && rmdir "$PWD" && $RAYCAM ${args}`, [
        at('resnet18.safetensors'),
        at('1.png'),
      ]);
      expect(ran.stderr).toMatch(/^raycam: .*(does not exist|its folder does not exist any more).*\n$/);
      expect(ran.stderr).toContain(path);
      expect(ran.status).toBe(1);
    });
});

describe.runIf(process.platform === 'linux')('with ulimit -v', () => {
  const hasOption = process.allowedNodeEnvironmentFlags.has('--disable-wasm-trap-handler');
  for (const [gigabytes, threads] of [
    [12, 1],
    [8, 2],
  ])
    it.runIf(hasOption)(`predict works in ${gigabytes} GB of addresses with ${threads} threads`, async () => {
      const script = `ulimit -v ${gigabytes! * 1e6}; $RAYCAM predict "$@" --threads ${threads} --quiet`;
      const ran = await shell(script, [at('1.png'), ...small.head.filter((_, i, all) => !isThreads(all, i))]);
      expect(ran.stdout).toMatch(VERDICT);
      expect(ran).toMatchObject({ status: 0, stderr: '' });
    });
});

function isThreads(args: readonly string[], i: number): boolean {
  return args[i] === '--threads' || args[i - 1] === '--threads';
}

describe('text output', () => {
  it('escapes what would act on a terminal, in every line', () => {
    expect(printable('a\nb\u001b[31m\r\t\u009b\u202e\u2066\u200f')).toBe(
      'a\\nb\\u001b[31m\\u000d\\u0009\\u009b\\u202e\\u2066\\u200f\n',
    );
    expect(printable(['one', 'tw\no', 'é ü 肺'])).toBe('one\ntw\\no\né ü 肺\n');
  });

  it('escapes the arguments in messages of wrong usage', async () => {
    const ran = await raycam(['predict', '--x\u001b[31m']);
    expect(ran).toEqual({
      status: 2,
      stdout: '',
      stderr: "error: unknown option '--x\\u001b[31m'\n(add --help to see the options of this command)\n",
    });
  });
});
