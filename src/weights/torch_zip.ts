/**
 * Reads PyTorch checkpoints written by version 1.6 or later: a ZIP file with one pickle, `data.pkl`, and one file per
 * storage.
 * Source: pytorch, caffe2/serialize/inline_container.h and torch/serialization.py
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { weightsOfCheckpoint } from './torch_checkpoint.ts';
import { storageOf, torchHost } from './torch_objects.ts';
import { MAX_PICKLE_BYTES, tooLarge, unpickle } from './unpickler.ts';
import { readZip, readZipEntry, type ZipEntry } from './zip_archive.ts';

/** A checkpoint's records by name, without the folder that contains them. */
type Records = ReadonlyMap<string, ZipEntry>;

/** Opens a checkpoint. @throws WeightsError  damaged, malicious, a TorchScript program, or without tensors */
export async function openTorchZip(source: ByteSource): Promise<WeightsFile> {
  const where = `torch: ${source.name}`;
  const records = await readRecords(source, where);
  const pickle = recordOf(records, 'data.pkl', where);
  if (pickle.sizeBytes > MAX_PICKLE_BYTES) {
    throw tooLarge(`${where}, data.pkl`, pickle.sizeBytes);
  }
  const host = torchHost(where, id => storageOf(id, where));
  const root = unpickle(await readZipEntry(source, pickle), host, where);
  return weightsOfCheckpoint({
    source,
    format: 'torch-zip',
    root,
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
  if (pickles.length !== 1) {
    throw new WeightsError(
      `${where}: is a ZIP file, not a PyTorch checkpoint (it has ${pickles.length} data.pkl, expected 1)`,
    );
  }
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  const records = new Map<string, ZipEntry>();
  for (const [name, entry] of entries) if (name.startsWith(folder)) records.set(name.slice(folder.length), entry);
  if (records.has('constants.pkl')) {
    throw new WeightsError(
      `${where}: is a TorchScript program, not a state dict. Save the state dict in Python: torch.save(torch.jit.load(f).state_dict(), f2)`,
    );
  }
  return records;
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
