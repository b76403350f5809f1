/** Opens weights files of any supported format. The first bytes decide the format; the name does not matter. */
import { directoryName, joinPath, openFile } from '#platform';
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { closingOnError, readUpTo } from './byte_source.ts';
import { openSafetensors } from './safetensors.ts';
import type { WeightsFile } from './tensor_entry.ts';
import type { OpenSibling } from './tfjs_layers.ts';
import type { CheckpointOptions } from './torch_checkpoint.ts';
import { LEGACY_MAGIC } from './torch_magic.ts';

/** Enough for every magic number, and to recognise an HTML page. */
const SNIFFED_BYTES = 512;

const SAVE_STATE_DICT = 'Save a state dict in Python: torch.save(model.state_dict(), f)';

/** Files that people take for weights, by their first bytes. */
const OTHER_KINDS = [
  {
    magic: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a],
    is: 'an HDF5 file (Keras .h5), which is not supported',
    advice: 'Convert it to TensorFlow.js (model.json), or save a PyTorch state dict',
  },
  { magic: [0x1f, 0x8b], is: 'compressed (gzip)', advice: 'Decompress it first: gunzip FILE' },
  { magic: [0x42, 0x5a, 0x68], is: 'compressed (bzip2)', advice: 'Decompress it first: bunzip2 FILE' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], is: 'compressed (xz)', advice: 'Decompress it first: unxz FILE' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], is: 'compressed (zstd)', advice: 'Decompress it first: unzstd FILE' },
  { magic: [0x37, 0x7a, 0xbc, 0xaf], is: 'compressed (7z)', advice: 'Decompress it first' },
  { magic: [0x52, 0x61, 0x72, 0x21], is: 'compressed (RAR)', advice: 'Decompress it first' },
  { magic: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], is: 'a NumPy array (.npy), not a network', advice: SAVE_STATE_DICT },
  { magic: [0x47, 0x47, 0x55, 0x46], is: 'a GGUF file, which is not supported', advice: SAVE_STATE_DICT },
] as const;

/** Decodes any bytes: each byte is one character. */
const TEXT = new TextDecoder('latin1');

/** Opens the file at `path`. @throws InputError | WeightsError  it cannot be read, or is not a weights file */
export async function openWeights(path: string, options: CheckpointOptions = {}): Promise<WeightsFile> {
  const folder = directoryName(path);
  return openWeightsSource(await openFile(path), name => openFile(joinPath(folder, name)), options);
}

/**
 * Opens weights from any byte source. The readers of formats other than safetensors load when they are first needed. `openSibling` opens the shards of a TensorFlow.js model, or those that an index
 * lists. Closes the source if it throws.
 */
export function openWeightsSource(
  source: ByteSource,
  openSibling?: OpenSibling,
  options: CheckpointOptions = {},
): Promise<WeightsFile> {
  return closingOnError(source, async () => {
    const start = await readUpTo(source, 0, SNIFFED_BYTES);
    switch (kindOf(start, source)) {
      case 'zip': {
        const { openTorchZip } = await import('./torch_zip.ts');
        return openTorchZip(source, options);
      }
      case 'legacy': {
        const { openTorchLegacy } = await import('./torch_legacy.ts');
        return openTorchLegacy(source, options);
      }
      case 'tar': {
        const { openTorchTar } = await import('./torch_tar.ts');
        return openTorchTar(source, options);
      }
      case 'json': {
        if (openSibling === undefined)
          throw new WeightsError(
            `weights: ${source.name}: is a model.json without its shards. Open it in the folder that contains them`,
          );
        const { isShardIndex, openShardIndex } = await import('./shard_index.ts');
        if (await isShardIndex(source)) {
          const openShard = async (name: string) => openWeightsSource(await openSibling(name), undefined, options);
          return openShardIndex(source, openShard);
        }
        const { openTfjsLayers } = await import('./tfjs_layers.ts');
        return openTfjsLayers(source, openSibling);
      }
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
  const other = OTHER_KINDS.find(({ magic }) => startsWith(start, magic));
  if (other) throw new WeightsError(`weights: ${name}: is ${other.is}. ${other.advice}`);
  if (isOnnx(start))
    throw new WeightsError(`weights: ${name}: is an ONNX model, which is not supported. ${SAVE_STATE_DICT}`);
  if (start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5)
    throw new WeightsError(
      `weights: ${name}: is a pickle that torch.save did not write, which is not supported. ${SAVE_STATE_DICT}`,
    );
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

/** An ONNX file has no magic number. It starts with its version and, almost always, the name of its producer. */
function isOnnx(start: Uint8Array): boolean {
  const [field, version = 0, producer, length = 0] = start;
  if (field !== 0x08 || version === 0 || version > 32 || producer !== 0x12) return false;
  return length > 0 && /^[\w.+ -]+$/.test(TEXT.decode(start.subarray(4, 4 + length)));
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

function hex(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 8)].map(byte => byte.toString(16).padStart(2, '0')).join(' ');
}
