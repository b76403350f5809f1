/**
 * Reads PyTorch checkpoints written by version 1.6 or later: a ZIP file with one pickle, `data.pkl`, and one file per
 * storage.
 * Source: pytorch, caffe2/serialize/inline_container.h and torch/serialization.py
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { type CheckpointOptions, weightsOfCheckpoint } from './torch_checkpoint.ts';
import { storageOf, torchHost } from './torch_objects.ts';
import { MAX_PICKLE_BYTES, tooLarge, unpickle } from './unpickler.ts';
import { readZip, readZipEntry, type ZipEntry } from './zip_archive.ts';

/** A checkpoint's records by name, without the folder that contains them. */
type Records = ReadonlyMap<string, ZipEntry>;

/** Opens a checkpoint or a TorchScript program. @throws WeightsError  damaged, malicious, or without tensors */
export async function openTorchZip(source: ByteSource, { ema }: CheckpointOptions = {}): Promise<WeightsFile> {
  const where = `torch: ${source.name}`;
  const records = await readRecords(source, where);
  const pickle = recordOf(records, 'data.pkl', where);
  if (pickle.sizeBytes > MAX_PICKLE_BYTES) {
    throw tooLarge(`${where}, data.pkl`, pickle.sizeBytes);
  }
  const inert = new Set<string>();
  const host = torchHost(where, id => storageOf(id, where), inert);
  const root = unpickle(await readZipEntry(source, pickle), host, where);
  return weightsOfCheckpoint({
    source,
    format: 'torch-zip',
    root,
    inert,
    ema,
    bigEndian: await isBigEndian(source, records.get('byteorder')),
    storage(key, at) {
      const record = recordOf(records, `data/${key}`, at);
      const { sizeBytes } = record;
      return {
        label: `record data/${key}`,
        sizeBytes,
        read: (offset, length) => readZipEntry(source, record, { offset, length }),
      };
    },
  });
}

async function readRecords(source: ByteSource, where: string): Promise<Records> {
  const entries = await readZip(source);
  const pickles = [...entries.keys()].filter(name => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) throw new WeightsError(`${where}: ${otherZip(entries, pickles.length)}`);
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  const records = new Map<string, ZipEntry>();
  for (const [name, entry] of entries) if (name.startsWith(folder)) records.set(name.slice(folder.length), entry);
  return records;
}

/** Says what a ZIP file without a checkpoint's pickle is. */
function otherZip(entries: ReadonlyMap<string, ZipEntry>, pickles: number): string {
  const names = [...entries.keys()];
  if (entries.has('model.weights.h5'))
    return 'is a Keras model (.keras), which is not supported. Convert it to TensorFlow.js (model.json), or save a PyTorch state dict';
  const inner = names.find(name => /\.(pth?|pkl|ckpt|bin|safetensors)$/i.test(name) && !name.startsWith('__MACOSX/'));
  if (pickles === 0 && inner !== undefined)
    return `is a ZIP file that contains ${JSON.stringify(inner)}. Unpack it first`;
  return `is a ZIP file, not a PyTorch checkpoint (it has ${pickles} data.pkl, expected 1)`;
}

function recordOf(records: Records, name: string, where: string): ZipEntry {
  const record = records.get(name);
  if (record === undefined) throw new WeightsError(`${where}: has no record ${name}`);
  return record;
}

/** Returns whether the values are big endian. Files from before this record was introduced are little endian. */
async function isBigEndian(source: ByteSource, record: ZipEntry | undefined): Promise<boolean> {
  if (record === undefined || record.sizeBytes > 8) return false;
  return new TextDecoder().decode(await readZipEntry(source, record)) === 'big';
}
