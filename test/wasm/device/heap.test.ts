import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ALIGNMENT, type Allocation, Heap } from '../../../src/wasm/device/execution/heap.ts';

const KIB = 1024;

it('allocates aligned, zeroed, disjoint blocks and merges them when they are freed', () => {
  const step = fc.oneof(
    fc.record({ allocate: fc.integer({ min: 0, max: 40 * KIB }) }),
    fc.record({ release: fc.nat({ max: 50 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const heap = new Heap(false, 4096 * KIB);
      const held: Allocation[] = [];
      for (const [i, each] of steps.entries()) {
        if ('allocate' in each) {
          const got = heap.allocate(each.allocate)!;
          expect(got.address % ALIGNMENT).toBe(0);
          expect(got.sizeBytes).toBeGreaterThanOrEqual(each.allocate);
          const bytes = heap.bytes(got.address, got.sizeBytes);
          expect(bytes.every(value => value === 0)).toBe(true);
          for (const other of held)
            expect(got.address >= other.address + other.sizeBytes || other.address >= got.address + got.sizeBytes).toBe(
              true,
            );
          bytes.fill(i + 1);
          held.push(got);
        } else if (held.length > 0) heap.release(held.splice(each.release % held.length, 1)[0]!);
      }
      expect(heap.use.usedBytes).toBe(held.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
      for (const each of held.splice(0)) heap.release(each);
      const { peakBytes } = heap.use;
      expect(heap.use.usedBytes).toBe(0);
      // All free blocks have been merged into one.
      expect(heap.allocate(Math.max(1, peakBytes))!.address).toBe(KIB);
    }),
    { numRuns: 60 },
  );
});

it('refuses to allocate past its capacity', () => {
  const heap = new Heap(true, 2048 * KIB);
  const all = heap.allocate(2047 * KIB)!;
  expect(heap.allocate(1)).toBeUndefined();
  heap.release(all);
  expect(heap.allocate(2048 * KIB)).toBeUndefined();
  expect(heap.allocate(2047 * KIB)).toEqual(all);
  expect(heap.use.peakBytes).toBe(2047 * KIB);
});
