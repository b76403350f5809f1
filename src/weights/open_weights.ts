/** Opens weights files of any supported format. The first bytes decide the format; the name does not matter. */
import { directoryName, joinPath, openFile } from '#platform';
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { closingOnError, readUpTo } from './byte_source.ts';
import { openSafetensors } from './safetensors.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { type OpenSibling, openTfjsLayers } from './tfjs_layers.ts';
import { LEGACY_MAGIC, openTorchLegacy } from './torch_legacy.ts';
import { openTorchTar } from './torch_tar.ts';
import { openTorchZip } from './torch_zip.ts';

/** Enough for every magic number, and to recognise an HTML page. */
const SNIFFED_BYTES = 512;

/** Decodes any bytes: each byte is one character. */
const TEXT = new TextDecoder('latin1');

/** Opens the file at `path`. @throws InputError | WeightsError  it cannot be read, or is not a weights file */
export async function openWeights(path: string): Promise<WeightsFile> {
  const folder = directoryName(path);
  return openWeightsSource(await openFile(path), name => openFile(joinPath(folder, name)));
}

/**
 * Opens weights from any byte source. `openSibling` opens the shards of a TensorFlow.js model. Closes the source if it
 * throws.
 */
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
          `weights: ${source.name}: is a model.json without its shards. Open it in the folder that contains them`,
        );
      case 'safetensors':
        return openSafetensors(source);
    }
  });
}

/**
 * Returns the format. A safetensors file starts with an eight-byte header length followed by `{`. The length's bytes
 * are never all text, which tells it apart from a JSON file.
 */
function kindOf(start: Uint8Array, source: ByteSource): 'zip' | 'legacy' | 'tar' | 'json' | 'safetensors' {
  const { name } = source;
  if (source.sizeBytes === 0) throw new WeightsError(`weights: ${name}: is empty. Download or copy it again`);
  if (startsWith(start, [0x50, 0x4b, 0x03, 0x04])) return 'zip';
  if (startsWith(start, LEGACY_MAGIC)) return 'legacy';
  if (isTar(start)) return 'tar';
  const text = TEXT.decode(start).trimStart();
  if (/^<(!doctype|html|\?xml)/i.test(text)) {
    throw new WeightsError(`weights: ${name}: is a web page, not a weights file. Download it again`);
  }
  if (text.startsWith('version https://git-lfs')) {
    throw new WeightsError(
      `weights: ${name}: is a Git LFS pointer, not a weights file. Run \`git lfs pull\` in its repository`,
    );
  }
  if (/^\s*\{[\t\n\r -~]*$/.test(TEXT.decode(start.subarray(0, 8)))) return 'json';
  if (/^\s*\{/.test(TEXT.decode(start.subarray(8)))) return 'safetensors';
  throw new WeightsError(
    `weights: ${name}: is not a PyTorch checkpoint, a safetensors file or a TensorFlow.js model.json (its first bytes are ${hex(start)})`,
  );
}

/**
 * Returns whether the file is a tar. A POSIX tar has a magic number at byte 257. Older tars have none and are recognised
 * by the name of their first member at byte 0.
 */
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
