import { execFile, spawn } from 'node:child_process';
import { mkdir, open, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as platform from '../../src/platform/node.ts';
import { messageOf, useTemporaryFolders } from './helpers.ts';

const newFolder = useTemporaryFolders();

describe('reading', () => {
  it('reads every range into its own buffer', async () => {
    const path = join(await newFolder(), 'a.bin');
    await writeFile(
      path,
      Uint8Array.from({ length: 100 }, (_, i) => i),
    );
    const source = await platform.openFile(path);
    const part = await source.read(10, 5);
    expect([source.name, source.sizeBytes, [...part], part.buffer.byteLength]).toEqual([
      'a.bin',
      100,
      [10, 11, 12, 13, 14],
      5,
    ]);
    expect(await messageOf(source.read(98, 3))).toBe(
      `${path}: ends early (100 of 101 bytes). Download or copy it again`,
    );
    await source.close();
  });

  it('reads the same bytes from a file, a buffer and a blob', async () => {
    const bytes = Uint8Array.from({ length: 33 }, (_, i) => 255 - i);
    const path = join(await newFolder(), 'b');
    await writeFile(path, bytes);
    const sources = [
      await platform.openFile(path),
      platform.bytesSource('b', bytes),
      platform.blobSource('b', new Blob([bytes])),
    ];
    for (const source of sources) {
      expect([source.name, source.sizeBytes]).toEqual(['b', 33]);
      expect([...(await source.read(3, 30))]).toEqual([...bytes.subarray(3)]);
      expect(await source.read(33, 0)).toHaveLength(0);
      await expect(source.read(33, 1)).rejects.toThrow('ends early (33 of 34 bytes)');
      await source.close();
    }
  });

  it('names the path, what is wrong and what to do', async () => {
    const folder = await newFolder();
    const missing = join(folder, 'missing');
    await writeFile(join(folder, 'file'), 'x');
    expect(await messageOf(platform.readFile(missing))).toBe(`${missing}: does not exist. Check the path`);
    expect(await messageOf(platform.openFile(folder))).toBe(`${folder}: is a folder. Name a file in it`);
    expect(await messageOf(platform.readTextFile(folder))).toBe(`${folder}: is a folder. Name a file in it`);
    expect(await messageOf(platform.listDirectory(join(folder, 'file')))).toBe(
      `${folder}/file: cannot be read (a part of this path is a file, not a folder). Check the path`,
    );
    expect(await messageOf(platform.writeFileAtomic(folder, 'x'))).toBe(`${folder}: is a folder. Name a file in it`);
  });

  it('follows links to folders, and lists broken links as files', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'a'), '');
    await symlink(join(folder, 'b'), join(folder, 'c'));
    await symlink(join(folder, 'nowhere'), join(folder, 'd'));
    await symlink(join(folder, 'e'), join(folder, 'e'));
    expect((await platform.listDirectory(folder)).map(e => `${e.name}${e.isDirectory ? '/' : ''}`)).toEqual([
      'a',
      'b/',
      'c/',
      'd',
      'e',
    ]);
  });
});

describe('createAtomicWriter', () => {
  it('creates the folder, and shows the complete file at commit', async () => {
    const folder = await newFolder();
    const path = join(folder, 'deep', 'er', 'out.bin');
    const writer = await platform.createAtomicWriter(path);
    await writer.write(Uint8Array.of(1, 2));
    expect(await platform.fileExists(path)).toBe(false);
    await writer.write(Uint8Array.of(3));
    await writer.commit();
    expect([...(await platform.readFile(path))]).toEqual([1, 2, 3]);
    expect(await messageOf(writer.write(Uint8Array.of(4)))).toBe(`${path}: is already closed. Open a new writer`);
  });

  it('leaves either the old content or the new, and no other files', async () => {
    const folder = await newFolder();
    const path = join(folder, 'f');
    let expected: string | undefined;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string()), fc.boolean(), async (parts, commits) => {
        const writer = await platform.createAtomicWriter(path);
        for (const part of parts) await writer.write(new TextEncoder().encode(part));
        if (commits) {
          await writer.commit();
          expected = new TextDecoder().decode(new TextEncoder().encode(parts.join('')));
        }
        await writer.abort();
        expect(await readdir(folder)).toEqual(expected === undefined ? [] : ['f']);
        if (expected !== undefined) expect(await platform.readTextFile(path)).toBe(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps links and permissions, and does not replace a device', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'real'), 'old', { mode: 0o600 });
    await symlink('real', join(folder, 'link'));
    await platform.writeFileAtomic(join(folder, 'link'), 'new');
    expect(await platform.readTextFile(join(folder, 'real'))).toBe('new');
    expect((await stat(join(folder, 'real'))).mode & 0o777).toBe(0o600);
    await platform.writeFileAtomic('/dev/null', 'gone');
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('gives two writers of one path separate temporary files', async () => {
    const path = join(await newFolder(), 'f');
    const writers = await Promise.all([platform.createAtomicWriter(path), platform.createAtomicWriter(path)]);
    await Promise.all(writers.map((writer, i) => writer.write(Uint8Array.of(i))));
    for (const writer of writers) await writer.commit();
    expect([...(await platform.readFile(path))]).toEqual([1]);
  });

  it('removes unfinished files on request', async () => {
    const folder = await newFolder();
    await platform.createAtomicWriter(join(folder, 'f'));
    expect(await readdir(folder)).toHaveLength(1);
    platform.abandonUnfinishedFiles();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('mayReplace', () => {
  it('decides about a file that exists, also one that appeared while the new one was written', async () => {
    const folder = await newFolder();
    const path = join(folder, 'f');
    const asked: string[] = [];
    const mayReplace = async (file: string) => {
      asked.push(file);
      return asked.length > 2;
    };
    await platform.writeFileAtomic(path, 'first', { mayReplace });
    expect(asked).toEqual([]);
    const exists = `${path}: cannot be written (a file with this name already exists). Remove it or choose another path`;
    expect(await messageOf(platform.writeFileAtomic(path, 'second', { mayReplace }))).toBe(exists);
    await rm(path);
    const writer = await platform.createAtomicWriter(path, { mayReplace });
    await writer.write(Uint8Array.of(3));
    await writeFile(path, 'appeared');
    expect(await messageOf(writer.commit())).toBe(exists);
    expect(await platform.readTextFile(path)).toBe('appeared');
    await platform.writeFileAtomic(path, 'third', { mayReplace });
    expect([await platform.readTextFile(path), asked]).toEqual(['third', [path, path, path, path]]);
    expect(await readdir(folder)).toEqual(['f']);
  });
});

describe('checkWritable', () => {
  it('accepts a file, a new file in new folders, and a device; it creates nothing', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'file'), '');
    for (const path of [join(folder, 'file'), join(folder, 'new'), join(folder, 'a/b/c'), '/dev/null'])
      await platform.checkWritable(path);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('rejects a folder, and a path below a file', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'file'), '');
    expect(await messageOf(platform.checkWritable(folder))).toBe(`${folder}: is a folder. Name a file in it`);
    const below = join(folder, 'file/x/y');
    expect(await messageOf(platform.checkWritable(below))).toBe(
      `${below}: cannot be written (a part of this path is a file, not a folder). Check the path`,
    );
  });
});

describe('makeDirectory', () => {
  it('creates parents, accepts existing folders and links to folders, and rejects a file', async () => {
    const folder = await newFolder();
    await platform.makeDirectory(join(folder, 'a/b/c'));
    await symlink('a', join(folder, 'link'));
    for (const path of ['a/b/c', 'a/b/c/', 'link', 'link/b/d', 'a/../a/e'])
      await platform.makeDirectory(join(folder, path));
    expect(await readdir(join(folder, 'a'))).toEqual(['b', 'e']);
    await writeFile(join(folder, 'file'), '');
    expect(await messageOf(platform.makeDirectory(join(folder, 'file')))).toBe(
      `${folder}/file: cannot be written (a file with this name already exists). Remove it or choose another path`,
    );
    expect(await messageOf(platform.makeDirectory(join(folder, 'file/x')))).toBe(
      `${folder}/file/x: cannot be written (a part of this path is a file, not a folder). Check the path`,
    );
  });
});

describe('removeAbandonedFiles', () => {
  it('removes old temporary files, and keeps recent ones and other files', async () => {
    const folder = await newFolder();
    const [old, young, other] = ['.a.npy.12-0123abcd.tmp', '.b.npy.34-0123abcd.tmp', '.c.tmp'].map(name =>
      join(folder, name),
    ) as [string, string, string];
    for (const path of [old, young, other]) await writeFile(path, 'x');
    for (const path of [old, other]) await utimes(path, 1, 1);
    await platform.removeAbandonedFiles(folder);
    expect((await readdir(folder)).sort()).toEqual(['.b.npy.34-0123abcd.tmp', '.c.tmp']);
    await platform.removeAbandonedFiles(join(folder, 'none'));
  });
});

describe('pipes and devices', () => {
  it.runIf(process.platform === 'linux')('are rejected by openFile without waiting', async () => {
    const pipe = join(await newFolder(), 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      expect(await messageOf(platform.openFile(path))).toBe(
        `${path}: is a pipe, a socket or a device, not a file. Copy its content to a file first`,
      );
    }
    expect(await platform.readFile(pipe)).toEqual(new Uint8Array(0));
    expect(await messageOf(platform.readFile('/dev/zero'))).toContain('is a pipe, a socket or a device');
  });

  it.runIf(process.platform === 'linux')('readFile reads a pipe to its end', async () => {
    const pipe = join(await newFolder(), 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const writer = spawn('bash', ['-c', 'exec 3>"$1"; sleep 0.2; head -c 100000 /dev/zero >&3', '-', pipe]);
    // The pipe counts as empty until the writer has opened it.
    let bytes = await platform.readFile(pipe);
    while (bytes.length === 0) bytes = await platform.readFile(pipe);
    expect(bytes.length).toBe(100_000);
    writer.kill();
  });
});

describe.runIf(process.platform === 'linux')('a pipe that pauses', () => {
  /** Opens a pipe for writing, so that it is open but empty. */
  const openPipe = async () => {
    const pipe = join(await newFolder(), 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    // Reading and writing at once does not wait for the other side.
    return { pipe, writer: await open(pipe, 'r+') };
  };

  it('is waited for as long as it is open, with one note', async () => {
    const { pipe, writer } = await openPipe();
    await writer.write('abc');
    let notes = 0;
    let resolve = () => {};
    const noted = new Promise<void>(done => {
      resolve = done;
    });
    const onWait = () => {
      notes++;
      resolve();
    };
    const reading = platform.readFile(pipe, 100, { onWait });
    await noted;
    await writer.write('def');
    await writer.close();
    expect([new TextDecoder().decode(await reading), notes]).toEqual(['abcdef', 1]);
  });

  it('is left when the signal aborts', async () => {
    const { pipe, writer } = await openPipe();
    const controller = new AbortController();
    const reading = platform.readFile(pipe, 100, { signal: controller.signal });
    controller.abort(new Error('Ctrl-C'));
    expect(await messageOf(reading)).toBe('Ctrl-C');
    await writer.close();
  });
});

describe('the end of the process', () => {
  const bundle = async (folder: string, source: string) => {
    const { build } = await import('esbuild');
    const outfile = join(folder, 'run.mjs');
    const stdin = { contents: source, resolveDir: import.meta.dirname, loader: 'ts' as const };
    await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
    return outfile;
  };

  it('removes temporary files at exit and at Ctrl-C, and still ends with the signal', async () => {
    const root = await newFolder();
    // Inside the project, so that the bundle finds its packages.
    const home = join(import.meta.dirname, '../../node_modules/.raycam-test');
    const script = await bundle(
      home,
      `import { createAtomicWriter } from '../../src/platform/atomic_file.ts';
       await createAtomicWriter(process.argv[2] + '/f');
       if (process.argv[3] === 'exit') process.exit(3);
       console.log('ready');
       setInterval(() => {}, 1000);`,
    );
    const code = await new Promise(done => execFile(process.execPath, [script, root, 'exit'], e => done(e?.code)));
    expect([code, await readdir(root)]).toEqual([3, []]);

    const child = spawn(process.execPath, [script, root, 'wait']);
    await new Promise(ready => child.stdout.once('data', ready));
    expect(await readdir(root)).toHaveLength(1);
    child.kill('SIGINT');
    const signal = await new Promise(done => child.once('exit', (_, name) => done(name)));
    expect([signal, await readdir(root)]).toEqual(['SIGINT', []]);
    await rm(home, { recursive: true });
  });
});
