/**
 * Shaders that try to access memory outside their variables: in every address space, with every kind of index, with and
 * without loops.
 */

export interface HostileShader {
  readonly why: string;
  /** Module-scope declarations, in addition to the common ones. */
  readonly module?: string;
  /** Statements before the access. */
  readonly before?: string;
  /** The place to read and write; `I` stands for the index. */
  readonly place: string;
  readonly readOnly?: boolean;
  /** An expression that reads the place as an f32, and a statement that writes it; `_` stands for the place. */
  readonly read?: string;
  readonly write?: string;
}

const ATOMIC = { read: 'f32(atomicLoad(&_))', write: 'atomicStore(&_, 7u);' };
const FUNCTION_ARRAY = 'var a: array<f32, 5>;';
const PRIVATE_ARRAY = 'var<private> a: array<f32, 5>;';
const WORKGROUP_ARRAY = 'var<workgroup> a: array<f32, 5>;';

export const HOSTILE: readonly HostileShader[] = [
  { why: 'an array in a function', before: FUNCTION_ARRAY, place: 'a[I]' },
  { why: 'arrays of arrays in a function', before: 'var a: array<array<f32, 3>, 4>;', place: 'a[I][I]' },
  { why: 'a struct’s array in a function', before: 'var a: Inner;', place: 'a.values[I]' },
  { why: 'a vector in a function', before: 'var a: vec4f;', place: 'a[I]' },
  { why: 'a vector of three in a function', before: 'var a: vec3f;', place: 'a[I]' },
  { why: 'a matrix’s column in a function', before: 'var a: mat3x3f;', place: 'a[I].y' },
  { why: 'a matrix’s element in a function', before: 'var a: mat2x4f;', place: 'a[I][I]' },
  { why: 'an element of a value', before: 'let a = array(1.0, 2.0, 3.0);', place: 'a[I]', readOnly: true },
  { why: 'a component of a value', before: 'let a = vec4f(1.0, 2.0, 3.0, 4.0);', place: 'a[I]', readOnly: true },
  { why: 'a private array', module: PRIVATE_ARRAY, place: 'a[I]' },
  { why: 'a private struct’s array', module: 'var<private> a: Inner;', place: 'a.values[I]' },
  { why: 'a private matrix', module: 'var<private> a: mat4x3f;', place: 'a[I][I]' },
  { why: 'a workgroup array', module: WORKGROUP_ARRAY, place: 'a[I]' },
  { why: 'a workgroup array of arrays', module: 'var<workgroup> a: array<array<f32, 3>, 2>;', place: 'a[I][I]' },
  { why: 'a workgroup vector', module: 'var<workgroup> a: vec2f;', place: 'a[I]' },
  { why: 'a workgroup matrix', module: 'var<workgroup> a: mat2x3f;', place: 'a[I][I]' },
  { why: 'a workgroup atomic', module: 'var<workgroup> a: array<atomic<u32>, 3>;', place: 'a[I]', ...ATOMIC },
  { why: 'a runtime array', place: 'plain[I]' },
  { why: 'a sized array in storage', place: 'nested.sized[I]' },
  { why: 'arrays of arrays in storage', place: 'nested.deep[I][I]' },
  { why: 'a vector in storage', place: 'nested.vector[I]' },
  { why: 'a matrix in storage', place: 'nested.matrix[I][I]' },
  { why: 'a struct’s array inside a runtime array', place: 'nested.rest[I].values[I]' },
  { why: 'a runtime array of vec3f', place: 'wide[I].z' },
  { why: 'a component inside a runtime array', place: 'wide[I][I]' },
  { why: 'a whole vec3f of a runtime array', place: 'wide[I]', read: '_.x + _.z', write: '_ = vec3f(7.5);' },
  {
    why: 'a whole struct of a runtime array',
    place: 'nested.rest[I]',
    read: '_.tail.y',
    write: '_ = Inner(7u, array(7.5, 7.5, 7.5), vec2f(7.5));',
  },
  { why: 'an atomic in storage', place: 'counters[I]', ...ATOMIC },
  { why: 'a runtime array that is only read', place: 'source[I]', readOnly: true },
  { why: 'a uniform array', place: 'uniforms.rows[I].w', readOnly: true },
  { why: 'a uniform matrix', place: 'uniforms.matrix[I][I]', readOnly: true },
  { why: 'a pointer to an element in a function', before: `${FUNCTION_ARRAY} let p = &a[I];`, place: '(*p)' },
  {
    why: 'a pointer to a row in a function',
    before: 'var a: array<array<f32, 3>, 4>; let p = &a[I];',
    place: '(*p)[I]',
  },
  { why: 'a pointer to a private array', module: PRIVATE_ARRAY, before: 'let p = &a;', place: '(*p)[I]' },
  { why: 'a pointer to a workgroup array', module: WORKGROUP_ARRAY, before: 'let p = &a;', place: '(*p)[I]' },
  { why: 'a pointer to a struct in a runtime array', before: 'let p = &nested.rest[I];', place: '(*p).values[I]' },
  { why: 'a pointer to a runtime array', before: 'let p = &plain;', place: '(*p)[I]' },
  {
    why: 'a pointer handed to a function',
    module: 'fn poke(p: ptr<function, array<f32, 5>>, at: u32) -> f32 { (*p)[at] = 7.5; return (*p)[at + 1u]; }',
    before: FUNCTION_ARRAY,
    place: 'poke(&a, u32(I))',
    readOnly: true,
  },
];

/** Expressions that compute an index from a word of `indices`. */
export const INDICES: readonly (readonly [why: string, expression: string])[] = [
  ['unsigned', 'word'],
  ['signed', 'bitcast<i32>(word)'],
  ['computed with wraparound, unsigned', 'word * 3u + 5u'],
  ['computed with wraparound, signed', 'bitcast<i32>(word) - 6'],
];

/** Indices just outside, far outside, and where an address or its sign would wrap around. */
export const WORDS = Uint32Array.of(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 63, 64, 255, 4096, 65535, 65536, 0x00ffffff, 0x0fffffff, 0x10000000, 0x15555556],
  ...[0x1fffffff, 0x20000000, 0x20000001, 0x3fffffff, 0x40000000, 0x40000001, 0x55555555, 0x7ffffffe, 0x7fffffff],
  ...[0x80000000, 0x80000001, 0xaaaaaaab, 0xbfffffff, 0xc0000000, 0xfffffff0, 0xfffffffb, 0xfffffffe, 0xffffffff],
);

const COMMON = `
struct Inner { head: u32, values: array<f32, 3>, tail: vec2f }
struct Nested { sized: array<f32, 5>, deep: array<array<f32, 3>, 2>, vector: vec3f, matrix: mat3x2f, rest: array<Inner> }
struct Uniforms { rows: array<vec4f, 3>, matrix: mat4x4f }
@group(0) @binding(0) var<storage, read> indices: array<u32>;
@group(0) @binding(1) var<storage, read_write> found: array<f32>;
@group(0) @binding(2) var<storage, read_write> plain: array<f32>;
@group(0) @binding(3) var<storage, read_write> nested: Nested;
@group(0) @binding(4) var<storage, read_write> wide: array<vec3f>;
@group(0) @binding(5) var<storage, read_write> counters: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read> source: array<f32>;
@group(0) @binding(7) var<uniform> uniforms: Uniforms;
`;

/**
 * The size of each binding in bytes: few elements, and sizes that end inside an element. `found` has two words for each
 * of `WORDS`.
 */
export const BINDINGS: readonly {
  readonly name: string;
  readonly type: GPUBufferBindingType;
  readonly size: number;
}[] = [
  { name: 'indices', type: 'read-only-storage', size: WORDS.byteLength },
  { name: 'found', type: 'storage', size: 2 * WORDS.byteLength },
  { name: 'plain', type: 'storage', size: 28 },
  { name: 'nested', type: 'storage', size: 88 + 24 + 20 },
  { name: 'wide', type: 'storage', size: 44 },
  { name: 'counters', type: 'storage', size: 12 },
  { name: 'source', type: 'read-only-storage', size: 4 },
  { name: 'uniforms', type: 'uniform', size: 112 },
];

export function hostileSource(
  { module = '', before = '', place, readOnly, read = '_', write = '_ = 7.5;' }: HostileShader,
  index: string,
): string {
  const at = (text: string) => text.replaceAll('_', place).replaceAll(/\bI\b/g, 'at');
  return `${COMMON}${module}
@compute @workgroup_size(2)
fn main() {
  for (var k = 0u; k < arrayLength(&indices); k++) {
    let word = indices[k];
    let at = ${index};
    ${before.replaceAll(/\bI\b/g, 'at')}
    found[2u * k] = ${at(read)};
    ${readOnly ? '' : at(write)}
    found[2u * k + 1u] = ${at(read)};
  }
}`;
}

/** Loops out of which a compiler would hoist the bounds checks. `indices` has five words for each run. */
export const LOOPS: readonly (readonly [why: string, statements: string])[] = [
  ['stores', 'for (var i = start; i < end; i += step) { plain[i * stride + offset] = 7.5; }'],
  [
    'loads',
    'for (var i = start; i < end; i += step) { sum += plain[i * stride + offset] + source[i] + source[offset - i]; }',
  ],
  [
    'stores at a running index',
    'var at = offset; for (var i = start; i < end; i += step) { plain[at] = 7.5; plain[at + 2u] = 7.5; at += stride; }',
  ],
  [
    'loads at a running index',
    'var at = offset; for (var i = start; i < end; i += step) { sum += wide[at].z + plain[at + i]; at += stride; }',
  ],
  ['whole vectors', 'for (var i = start; i < end; i += step) { wide[i * stride + offset] = vec3f(7.5); }'],
  [
    'structs',
    'for (var i = start; i < end; i += step) { nested.rest[i + offset].values[i * stride] = 7.5; sum += nested.rest[i].tail.y; }',
  ],
  ['workgroup memory', 'for (var i = start; i < end; i += step) { t[i * stride + offset] = 7.5; sum += t[i]; }'],
  [
    'a function’s memory',
    'var a: array<f32, 9>; for (var i = start; i < end; i += step) { a[i * stride + offset] = 7.5; sum += a[i]; }',
  ],
  ['counting down', 'for (var i = end; i > start; i -= step) { plain[i - offset] = 7.5; sum += plain[i * stride]; }'],
  [
    'with signs',
    'for (var i = bitcast<i32>(start); i < bitcast<i32>(end); i += bitcast<i32>(step)) { plain[i * bitcast<i32>(stride) - bitcast<i32>(offset)] = 7.5; sum += plain[i]; }',
  ],
  [
    'in loops',
    'for (var i = start; i < end; i += step) { for (var j = 0u; j < 5u; j++) { plain[i * stride + j * offset] = 7.5; nested.deep[j][i] = 7.5; sum += wide[j * stride + i].y; } }',
  ],
  ['atomics', 'for (var i = start; i < end; i += step) { atomicAdd(&counters[i * stride + offset], 1u); }'],
];

/** The same with literal steps, so that the range is known before the loop: `end` is a little past `start`. */
export const COUNTED_LOOPS: readonly (readonly [why: string, statements: string])[] = [
  ['stores', 'for (var i = start; i < end; i++) { plain[i] = 7.5; }'],
  ['loads', 'for (var i = start; i < end; i++) { sum += plain[i] + source[i + offset]; }'],
  [
    'stores far from the counter',
    'for (var i = start; i < end; i++) { plain[i * stride + offset] = 7.5; plain[offset + 3u * i] = 7.5; }',
  ],
  ['stores in pairs', 'for (var i = start; i < end; i += 2u) { plain[i] = 7.5; plain[i + 1u] = 7.5; }'],
  [
    'stores in groups of three',
    'for (var i = start; i < end; i += 3u) { plain[i] = 7.5; plain[i + 2u] += plain[i + 1u]; }',
  ],
  [
    'stores at a running index',
    'var at = offset; for (var i = start; i < end; i++) { plain[at] = 7.5; plain[at + 1u] = 7.5; at += stride; }',
  ],
  [
    'loads at a running index',
    'var at = offset; for (var i = start; i < end; i++) { sum += wide[at].z + plain[at + i]; at += 2u; }',
  ],
  ['whole vectors', 'for (var i = start; i < end; i++) { wide[i + offset] = vec3f(7.5); sum += wide[i].y; }'],
  [
    'structs',
    'for (var i = start; i < end; i++) { nested.rest[i].values[1] = 7.5; sum += nested.rest[i].tail.y; nested.sized[i] = 7.5; }',
  ],
  ['workgroup memory', 'for (var i = start; i < end; i++) { t[i] = 7.5; sum += t[i + offset]; }'],
  [
    'a function’s memory',
    'var a: array<f32, 9>; for (var i = start; i < end; i++) { a[i] = 7.5; sum += a[i + offset]; }',
  ],
  ['uniforms', 'for (var i = start; i < end; i++) { sum += uniforms.rows[i].z + uniforms.matrix[i].x; }'],
  [
    'with signs',
    'for (var i = bitcast<i32>(start); i < bitcast<i32>(end); i++) { plain[i] = 7.5; sum += plain[i - bitcast<i32>(offset)]; }',
  ],
  [
    'with a signed counter and a step of three',
    'for (var i = bitcast<i32>(start); i < bitcast<i32>(end); i += 3) { plain[i + 1] = 7.5; sum += wide[i].z; }',
  ],
  [
    'in loops',
    'for (var j = 0u; j < 3u; j++) { let row = j * stride + offset; for (var i = start; i < end; i++) { plain[row + i] = 7.5; sum += plain[row + 2u * i]; } }',
  ],
  ['atomics', 'for (var i = start; i < end; i++) { atomicAdd(&counters[i], 1u); }'],
  [
    'up to arrayLength',
    'for (var i = start; i < min(end, arrayLength(&wide)); i++) { wide[i].x = 7.5; plain[i + offset] = 7.5; }',
  ],
];

export function loopSource(statements: string): string {
  return `${COMMON}var<workgroup> t: array<f32, 11>;
@compute @workgroup_size(2)
fn main() {
  for (var k = 0u; k + 4u < arrayLength(&indices); k += 5u) {
    let start = indices[k];
    let end = indices[k + 1u];
    let step = indices[k + 2u];
    let stride = indices[k + 3u];
    let offset = indices[k + 4u];
    var sum = 0.0;
    ${statements}
    found[k / 5u] = sum;
  }
}`;
}
