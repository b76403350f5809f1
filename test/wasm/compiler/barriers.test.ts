import { expect, it } from 'vitest';
import { run } from './harness.ts';

const values = (count: number) => Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 101) - 50);

it('sums by a tree in workgroup memory', () => {
  const source = `
    var<workgroup> sums: array<f32, 64>;
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
      sums[lane] = x[id.x];
      workgroupBarrier();
      for (var stride = 32u; stride > 0u; stride /= 2u) {
        if (lane < stride) { sums[lane] += sums[lane + stride]; }
        workgroupBarrier();
      }
      if (lane == 0u) { y[group.x] = sums[0]; }
    }`;
  const x = values(192);
  const y = new Float32Array(3);
  const kernel = run(source, { x, y }, { workgroups: [3] });
  expect([...y]).toEqual([0, 1, 2].map(g => x.subarray(64 * g, 64 * g + 64).reduce((a, b) => a + b)));
  expect(kernel.workgroupStorageBytes).toBe(256);
});

it('scans with values that live across barriers', () => {
  const source = `
    var<workgroup> t: array<f32, 32>;
    @group(0) @binding(0) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(32)
    fn main(@builtin(local_invocation_id) id: vec3u) {
      let i = id.x;
      var sum = y[i];
      var step = 1u;
      loop {
        t[i] = sum;
        workgroupBarrier();
        if (i >= step) { sum += t[i - step]; }
        workgroupBarrier();
        step *= 2u;
        if (step == 32u) { break; }
      }
      y[i] = sum;
    }`;
  const y = values(32);
  let total = 0;
  const expected = [...y].map(value => {
    total += value;
    return total;
  });
  run(source, { y });
  expect([...y]).toEqual(expected);
});

it('transposes tiles of two dimensions', () => {
  const source = `
    const N = 8u;
    var<workgroup> tile: array<array<f32, N>, N>;
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(N, N)
    fn main(@builtin(local_invocation_id) at: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u) {
      let width = N * count.x;
      let height = N * count.y;
      tile[at.y][at.x] = x[(group.y * N + at.y) * width + group.x * N + at.x];
      workgroupBarrier();
      y[(group.x * N + at.y) * height + group.y * N + at.x] = tile[at.x][at.y];
    }`;
  const [width, height] = [24, 16];
  const x = values(width * height);
  const y = new Float32Array(width * height);
  run(source, { x, y }, { workgroups: [3, 2] });
  expect([...y]).toEqual(Array.from(y, (_, i) => x[(i % height) * width + Math.floor(i / height)]));
});

it('multiplies matrices by tiles, barriers inside of a loop and of a function', () => {
  const source = `
    const T = 4u;
    var<workgroup> a: array<f32, 16>;
    var<workgroup> b: array<f32, 16>;
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read> w: array<f32>;
    @group(0) @binding(2) var<storage, read_write> y: array<f32>;
    @group(0) @binding(3) var<uniform> size: u32;
    fn fill(row: u32, column: u32, tile: u32, at: vec2u) {
      a[at.y * T + at.x] = x[row * size + tile * T + at.x];
      b[at.y * T + at.x] = w[(tile * T + at.y) * size + column];
      workgroupBarrier();
    }
    @compute @workgroup_size(T, T)
    fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_id) local: vec3u) {
      var sums = array<f32, 2>();
      for (var tile = 0u; tile < size / T; tile++) {
        fill(id.y, id.x, tile, local.xy);
        for (var k = 0u; k < T; k++) { sums[tile % 2u] += a[local.y * T + k] * b[k * T + local.x]; }
        workgroupBarrier();
      }
      y[id.y * size + id.x] = sums[0] + sums[1];
    }`;
  const size = 12;
  const [x, w] = [values(size * size), values(size * size).reverse()];
  const y = new Float32Array(size * size);
  run(source, { x, w, y, size: Uint32Array.of(size) }, { workgroups: [3, 3] });
  const expected = Array.from(y, (_, i) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += x[Math.floor(i / size) * size + k]! * w[k * size + (i % size)]!;
    return sum;
  });
  expect([...y]).toEqual(expected);
});

it('returns, breaks and continues alike for all invocations', () => {
  const source = `
    var<workgroup> n: atomic<u32>;
    var<workgroup> last: u32;
    var<private> seen: u32;
    @group(0) @binding(0) var<storage, read_write> y: array<u32>;
    @group(0) @binding(1) var<uniform> limit: u32;
    @compute @workgroup_size(4)
    fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
      if (group.x == 1u) { return; }
      for (var k = 0u; k < 10u; k++) {
        if (k == 1u) { continue; }
        if (k == limit) { break; }
        atomicAdd(&n, k + 1u);
        seen += k;
        workgroupBarrier();
      }
      if (lane == 3u) { last = atomicLoad(&n); }
      let total = workgroupUniformLoad(&last);
      y[group.x * 4u + lane] = total * 100u + seen;
    }`;
  const y = new Uint32Array(12);
  run(source, { y, limit: Uint32Array.of(4) }, { workgroups: [3] });
  // 1 + 3 + 4 of four invocations; 0 + 2 + 3 of each.
  const group = [3205, 3205, 3205, 3205];
  expect([...y]).toEqual([...group, 0, 0, 0, 0, ...group]);
});

it('zeroes workgroup memory for every workgroup', () => {
  const source = `
    var<workgroup> big: array<u32, 100>;
    @group(0) @binding(0) var<storage, read_write> y: array<u32>;
    @compute @workgroup_size(1) fn main(@builtin(workgroup_id) group: vec3u) { big[99] += 5u; big[0] += 1u; y[group.x] = big[99] + big[0]; }`;
  const y = new Uint32Array(3);
  run(source, { y }, { workgroups: [3] });
  expect([...y]).toEqual([6, 6, 6]);
});
