/** Inflates raw deflate data. Returns undefined unless it inflates to exactly `sizeBytes`, and never inflates more. */
export async function inflateRaw(bytes: Uint8Array, sizeBytes: number): Promise<Uint8Array | undefined> {
  const reader = new Blob([bytes as BlobPart])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw') as ReadableWritablePair<Uint8Array, BlobPart>)
    .getReader();
  const inflated = new Uint8Array(sizeBytes);
  let position = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (position + next.value.length > sizeBytes) {
        await reader.cancel();
        return undefined;
      }
      inflated.set(next.value, position);
      position += next.value.length;
    }
  } catch {
    return undefined;
  }
  return position === sizeBytes ? inflated : undefined;
}
