/** Opens any weights file. Its first bytes decide what it is, never its name. */
import { directoryName, joinPath, openFile } from '#platform';
import { WeightsError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { closingOnError, readUpTo } from './byte_source.ts';
import { openSafetensors } from './safetensors.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { type OpenSibling, openTfjsLayers } from './tfjs_layers.ts';
import { LEGACY_MAGIC, openTorchLegacy } from './torch_legacy.ts';
import { openTorchTar } from './torch_tar.ts';
import { openTorchZip } from './torch_zip.ts';

/** Enough for every magic number, and for the first words of a page. */
const SNIFFED_BYTES = 512;

/** Any byte is a character. */
const TEXT = new TextDecoder('latin1');

/** @throws InputError | WeightsError  it cannot be read, or is no weights file */
export async function openWeights(path: string): Promise<WeightsFile> {
  const folder = directoryName(path);
  return openWeightsSource(await openFile(path), name => openFile(joinPath(folder, name)));
}

/** The same over bytes from anywhere. `openSibling` finds the shards of a TensorFlow.js model. Closes the source if it throws. */
export function openWeightsSource(source: ByteSource, openSibling?: OpenSibling): Promise<WeightsFile> {
  return closingOnError(source, async () => {
    const start = await readUpTo(source, 0, SNIFFED_BYTES);
    switch (kindOf(start, source)) {
      case 'zip':
        return openTorchZip(source);
      case 'legacy':
        return openTorchLegacy(source);
      case 'tar':
        return openTorchTar(source);
      case 'json':
        if (openSibling) return openTfjsLayers(source, openSibling);
        throw new WeightsError(
          `weights: ${source.name} is a model.json, but its shards are not at hand. Open it from its folder`,
        );
      case 'safetensors':
        return openSafetensors(source);
    }
  });
}

/** A header length in the way of safetensors never is text, so a `{` after eight such bytes tells it from a JSON file. */
function kindOf(start: Uint8Array, source: ByteSource): 'zip' | 'legacy' | 'tar' | 'json' | 'safetensors' {
  const { name } = source;
  if (source.sizeBytes === 0) throw new WeightsError(`weights: ${name} is empty: the copy failed. Get it again`);
  if (startsWith(start, [0x50, 0x4b, 0x03, 0x04])) return 'zip';
  if (startsWith(start, LEGACY_MAGIC)) return 'legacy';
  if (isTar(start)) return 'tar';
  const text = TEXT.decode(start).trimStart();
  if (/^<(!doctype|html|\?xml)/i.test(text)) {
    throw new WeightsError(
      `weights: ${name} is a web page, not weights: the server answered with an error. Download it again`,
    );
  }
  if (text.startsWith('version https://git-lfs')) {
    throw new WeightsError(
      `weights: ${name} is a Git LFS pointer, not the file itself. Run \`git lfs pull\` where it came from`,
    );
  }
  if (/^\s*\{[\t\n\r -~]*$/.test(TEXT.decode(start.subarray(0, 8)))) return 'json';
  if (/^\s*\{/.test(TEXT.decode(start.subarray(8)))) return 'safetensors';
  throw new WeightsError(
    `weights: ${name} is neither a PyTorch checkpoint, nor safetensors, nor a TensorFlow.js model.json (it begins with ${hex(start)})`,
  );
}

/** A POSIX tar says so at byte 257; the very old kind, which does not, has its first member's name at 0. */
function isTar(start: Uint8Array): boolean {
  const text = TEXT.decode(start);
  return text.slice(257, 262) === 'ustar' || /^(sys_info|pickle|storages|tensors)\0/.test(text);
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

function hex(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 8)].map(byte => byte.toString(16).padStart(2, '0')).join(' ');
}
