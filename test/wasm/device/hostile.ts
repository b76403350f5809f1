/** Shaders that reach for what is not theirs: every address space, every kind of index. */

/** The content of a guard, as a float and as its bits: what no shader may read or change. */
export const GUARD = 0x7149a5c3;

export interface HostileShader {
  readonly why: string;
  /** Declarations of the module, beside the common ones. */
  readonly module?: string;
  /** Statements before the access. */
  readonly before?: string;
  /** The place that is read and written, `I` standing for the index. */
  readonly place: string;
  readonly readOnly?: boolean;
  /** How its content becomes an f32, `_` standing for the place; and back. */
  readonly read?: string;
  readonly write?: string;
}

const ATOMIC = { read: 'f32(atomicLoad(&_))', write: 'atomicStore(&_, 7u)' };

/** Bindings of the common part: see `shaderOf`. */
export const SPACES: readonly HostileShader[] = [
  { why: 'an array in a function', before: 'var a: array<f32, 5>;', place: 'a[I]' },
  { why: 'arrays of arrays in a function', before: 'var a: array<array<f32, 3>, 4>;', place: 'a[I][I]' },
  { why: 'a struct’s array in a function', before: 'var a: Inner;', place: 'a.values[I]' },
  { why: 'a vector in a function', before: 'var a: vec4f;', place: 'a[I]' },
  { why: 'a vector of three in a function', before: 'var a: vec3f;', place: 'a[I]' },
  { why: 'a matrix’s column in a function', before: 'var a: mat3x3f;', place: 'a[I].y' },
  { why: 'a matrix’s element in a function', before: 'var a: mat2x4f;', place: 'a[I][I]' },
  { why: 'a value’s element', before: 'let a = array(1.0, 2.0, 3.0);', place: 'a[I]', readOnly: true },
  { why: 'a private array', module: 'var<private> a: array<f32, 5>;', place: 'a[I]' },
  { why: 'a private struct’s array', module: 'var<private> a: Inner;', place: 'a.values[I]' },
  { why: 'a private matrix', module: 'var<private> a: mat4x3f;', place: 'a[I][I]' },
  { why: 'a workgroup array', module: 'var<workgroup> a: array<f32, 5>;', place: 'a[I]' },
  { why: 'a workgroup array of arrays', module: 'var<workgroup> a: array<array<f32, 3>, 2>;', place: 'a[I][I]' },
  { why: 'a workgroup vector', module: 'var<workgroup> a: vec2f;', place: 'a[I]' },
  { why: 'a workgroup matrix', module: 'var<workgroup> a: mat2x3f;', place: 'a[I][I]' },
  { why: 'a workgroup atomic', module: 'var<workgroup> a: array<atomic<u32>, 3>;', place: 'a[I]', ...ATOMIC },
  { why: 'a runtime array', place: 'plain[I]' },
  { why: 'a sized array in storage', place: 'nested.sized[I]' },
  { why: 'arrays of arrays in storage', place: 'nested.deep[I][I]' },
  { why: 'a vector in storage', place: 'nested.vector[I]' },
  { why: 'a matrix in storage', place: 'nested.matrix[I][I]' },
  { why: 'a struct’s array inside of a runtime array', place: 'nested.rest[I].values[I]' },
  { why: 'a runtime array of vec3f', place: 'wide[I].z' },
  { why: 'a component in a runtime array of vec3f', place: 'wide[I][I]' },
  { why: 'an atomic in storage', place: 'counters[I]', ...ATOMIC },
  { why: 'a runtime array that is only read', place: 'source[I]', readOnly: true },
  { why: 'a uniform array', place: 'uniforms.rows[I].w', readOnly: true },
  { why: 'a uniform matrix', place: 'uniforms.matrix[I][I]', readOnly: true },
];

/** The same through pointers. */
export const POINTERS: readonly HostileShader[] = [
  { why: 'a pointer to an element in a function', before: 'var a: array<f32, 5>; let p = &a[I];', place: '*p' },
  {
    why: 'a pointer to a row in a function',
    before: 'var a: array<array<f32, 3>, 4>; let p = &a[I];',
    place: '(*p)[I]',
  },
  {
    why: 'a pointer to a private array',
    module: 'var<private> a: array<f32, 5>;',
    before: 'let p = &a;',
    place: '(*p)[I]',
  },
  {
    why: 'a pointer to a workgroup array',
    module: 'var<workgroup> a: array<f32, 5>;',
    before: 'let p = &a;',
    place: '(*p)[I]',
  },
  { why: 'a pointer to a struct in a runtime array', before: 'let p = &nested.rest[I];', place: '(*p).values[I]' },
  { why: 'a pointer to a runtime array', before: 'let p = &plain;', place: '(*p)[I]' },
];
