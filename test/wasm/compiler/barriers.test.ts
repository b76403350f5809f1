import { describe, expect, it } from 'vitest';
import { run } from './harness.ts';

const values = (count: number) => Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 101) - 50);

it('computes a tree reduction in workgroup memory', () => {
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

it('computes a scan with values that live across barriers', () => {
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

it('transposes a matrix in two-dimensional tiles', () => {
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

it('multiplies matrices in tiles, with barriers in a loop and in a function', () => {
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

it('returns, breaks and continues uniformly around barriers', () => {
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
  // `total` is 1 + 3 + 4 for each of four invocations; `seen` is 0 + 2 + 3.
  const group = [3205, 3205, 3205, 3205];
  expect([...y]).toEqual([...group, 0, 0, 0, 0, ...group]);
});

it('zero-initialises workgroup memory for every workgroup', () => {
  const source = `
    var<workgroup> big: array<u32, 100>;
    @group(0) @binding(0) var<storage, read_write> y: array<u32>;
    @compute @workgroup_size(1) fn main(@builtin(workgroup_id) group: vec3u) { big[99] += 5u; big[0] += 1u; y[group.x] = big[99] + big[0]; }`;
  const y = new Uint32Array(3);
  run(source, { y }, { workgroups: [3] });
  expect([...y]).toEqual([6, 6, 6]);
});

/** Runs a body, which may contain barriers, in a workgroup of eight. Returns what each invocation writes to `y`. */
function eight(globals: string, body: string, count = 3): number[] {
  const source = `
    var<workgroup> t: array<u32, 8>;
    var<workgroup> one: u32;
    @group(0) @binding(0) var<storage, read_write> y: array<u32>;
    @group(0) @binding(1) var<uniform> count: u32;
    ${globals}
    @compute @workgroup_size(8)
    fn main(@builtin(local_invocation_index) lane: u32) { ${body} }`;
  const y = new Uint32Array(8);
  run(source, { y, count: Uint32Array.of(count) });
  return [...y];
}
const lanes = [0, 1, 2, 3, 4, 5, 6, 7];
const WAIT = 'workgroupBarrier();';
/** A function with barriers that returns the value of the right neighbour. */
const TURN = `fn turn(lane: u32, value: u32) -> u32 { t[lane] = value; ${WAIT} let next = t[(lane + 1u) % 8u]; ${WAIT} return next; }`;

describe('statements that contain a barrier', () => {
  it('runs nested loops', () => {
    const body = `var v = lane; for (var i = 0u; i < count; i++) { for (var j = 0u; j <= i; j++) { t[lane] = v; ${WAIT} v = t[(lane + 1u) % 8u]; ${WAIT} } } y[lane] = v;`;
    expect(eight('', body)).toEqual(lanes.map(lane => (lane + 6) % 8));
  });

  it('runs a loop with a barrier in its continuing block and break if', () => {
    const body = `var v = 0u; var i = 0u; loop { t[lane] = lane + i; ${WAIT} v += t[7u - lane]; if (i == 1u) { continue; } v += 100u; continuing { ${WAIT} i++; break if i >= count; } } y[lane] = v;`;
    expect(eight('', body)).toEqual(lanes.map(lane => 3 * (7 - lane) + 3 + 200));
  });

  it('runs a switch with barriers and a break', () => {
    const body = `y[lane] = 1u; switch (count) { case 1, 3: { t[lane] = lane; ${WAIT} y[lane] = t[7u - lane]; if (count == 3u) { break; } y[lane] = 99u; ${WAIT} } default: { ${WAIT} y[lane] = 98u; } } y[lane] += 10u;`;
    expect(eight('', body)).toEqual(lanes.map(lane => 17 - lane));
    expect(eight('', body, 2)).toEqual(lanes.map(() => 108));
  });

  it('evaluates calls in expressions from left to right', () => {
    const body =
      'var v = lane; let w = v * 100u + turn(lane, v) * 10u + turn(lane, turn(lane, v)); v += turn(lane, v); y[lane] = w + v * 1000u;';
    expect(eight(TURN, body)).toEqual(
      lanes.map(lane => lane * 100 + ((lane + 1) % 8) * 10 + ((lane + 2) % 8) + (lane + ((lane + 1) % 8)) * 1000),
    );
  });

  it('keeps the value of an operand that is read before a call', () => {
    const globals = `var<private> p = 5u; fn f(lane: u32) -> u32 { p += 1u; ${WAIT} p += lane; return p; }`;
    expect(eight(globals, 'y[lane] = p * 100u + f(lane);')).toEqual(lanes.map(lane => 506 + lane));
    expect(eight(globals, 'p += f(lane); y[lane] = p;')).toEqual(lanes.map(lane => 11 + lane));
  });

  it('returns early from a function', () => {
    const globals = `fn f(lane: u32, n: u32) -> u32 { if (n == 3u) { return lane + 50u; } t[lane] = lane; ${WAIT} return t[7u - lane]; }`;
    expect(eight(globals, 'y[lane] = f(lane, count);')).toEqual(lanes.map(lane => lane + 50));
    expect(eight(globals, 'y[lane] = f(lane, count);', 1)).toEqual(lanes.map(lane => 7 - lane));
  });

  it('evaluates workgroupUniformLoad in the conditions of if and while', () => {
    const body = `if (lane == 2u) { one = count; } var n = 0u; while (workgroupUniformLoad(&one) > 0u) { ${WAIT} if (lane == 0u) { one -= 1u; } n++; } if (workgroupUniformLoad(&one) == 0u) { y[lane] = n; }`;
    expect(eight('', body)).toEqual(lanes.map(() => 3));
  });
});

describe('values that live across barriers', () => {
  it('keeps arrays with a runtime index, and pointers into them', () => {
    const body = `var a = array<u32, 4>(1, 2, 3, 4); var k = lane % 4u; let p = &a[k]; ${WAIT} k = 0u; *p *= 10u; ${WAIT} y[lane] = a[lane % 4u] + k;`;
    expect(eight('', body)).toEqual(lanes.map(lane => 10 * ((lane % 4) + 1)));
  });

  it('keeps a variable that a loop writes through a pointer', () => {
    const body = `var v = lane; let p = &v; let q = p; ${WAIT} for (var i = 0u; i < count * 9u; i++) { *q += i; } ${WAIT} y[lane] = v;`;
    expect(eight('', body)).toEqual(lanes.map(lane => lane + 351));
  });

  it('keeps a private variable that a function writes in a loop', () => {
    const globals = 'var<private> p: u32; fn bump() { p += 2u; }';
    const body = `p = lane; ${WAIT} for (var i = 0u; i < count * 9u; i++) { bump(); } ${WAIT} y[lane] = p;`;
    expect(eight(globals, body)).toEqual(lanes.map(lane => lane + 54));
  });

  it('keeps a value that was read through a pointer before a write', () => {
    const body = `var v = vec2u(lane, 1u); let p = &v; let before = p.x; ${WAIT} v.x = 70u; ${WAIT} y[lane] = before + v.y;`;
    expect(eight('', body)).toEqual(lanes.map(lane => lane + 1));
  });

  it('keeps a private variable that is passed by pointer', () => {
    const globals = 'var<private> p: u32; fn add(to: ptr<private, u32>, n: u32) { *to += n; }';
    expect(eight(globals, `p = lane; ${WAIT} add(&p, 5u); ${WAIT} y[lane] = p;`)).toEqual(lanes.map(lane => lane + 5));
  });

  it('keeps vectors of bools', () => {
    const body = `var b = vec3<bool>(lane > 3u, true, lane == 0u); ${WAIT} y[lane] = u32(b[lane % 3u]) + 10u * u32(b.x);`;
    expect(eight('', body)).toEqual(
      lanes.map(lane => Number([lane > 3, true, lane === 0][lane % 3]) + (lane > 3 ? 10 : 0)),
    );
  });
});

it('computes a prefix sum with several elements per invocation', () => {
  const source = `
    var<workgroup> sums: array<u32, 16>;
    @group(0) @binding(0) var<storage, read_write> y: array<u32>;
    @compute @workgroup_size(16) fn main(@builtin(local_invocation_index) lane: u32) {
      var mine: array<u32, 4>;
      var total = 0u;
      for (var k = 0u; k < 4u; k++) { total += y[lane * 4u + k]; mine[k] = total; }
      sums[lane] = total;
      workgroupBarrier();
      for (var step = 1u; step < 16u; step <<= 1u) {
        var before = 0u;
        if (lane >= step) { before = sums[lane - step]; }
        workgroupBarrier();
        sums[lane] += before;
        workgroupBarrier();
      }
      let start = sums[lane] - total;
      for (var k = 0u; k < 4u; k++) { y[lane * 4u + k] = start + mine[k]; }
    }`;
  const y = Uint32Array.from({ length: 64 }, (_, i) => (i * 7) % 11);
  let sum = 0;
  const expected = [...y].map(value => {
    sum += value;
    return sum;
  });
  run(source, { y });
  expect([...y]).toEqual(expected);
});
