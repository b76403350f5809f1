/**
 * Returns the text of conv2d_subgroup_matrix for adapters without subgroup matrices: a subgroup is one invocation, a matrix is an array
 * in that invocation, and a 16-bit float is a rounded 32-bit float. What the shader computes, where it stores it, and when, stays.
 */
export function emulated(shader: string): string {
  const replaced = new Set<RegExp>();
  const text = REPLACEMENTS.reduce((code, [pattern, by]) => {
    if (pattern.test(code)) replaced.add(pattern);
    return code.replace(pattern, by);
  }, shader);
  for (const [pattern] of REPLACEMENTS)
    if (!replaced.has(pattern)) throw new Error(`the shader no longer matches ${pattern}`);
  return text + COLLECTIVE;
}

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/^enable .*;$/gm, ''],
  [/subgroup_matrix_left<f16, DEPTH, ROWS>/, 'array<f32, DEPTH * ROWS>'],
  [/subgroup_matrix_right<f16, COLUMNS, DEPTH>/, 'array<f32, COLUMNS * DEPTH>'],
  [/subgroup_matrix_result<f32, COLUMNS, ROWS>/, 'array<f32, COLUMNS * ROWS>'],
  [/subgroupMatrixLoad<Right, row_major>\(&pixels, (.+), TILE\);/, 'load_right($1);'],
  [/subgroupMatrixLoad<Left, col_major>\(&weights, (.+), TILE\);/, 'load_left($1);'],
  [/subgroupMatrixMultiplyAccumulate/, 'multiply_accumulate'],
  [/subgroupMatrixStore<row_major>\(&finished, (.+), COLUMNS\);/, 'store_sums($1);'],
  [/bitcast<vec2<f16>>\((.+)\);/, 'unpack2x16float($1);'],
  [/array<f16, /g, 'array<f32, '],
  [/ f16\((.+)\);/, ' unpack2x16float(pack2x16float(vec2f($1))).x;'],
  [/@builtin\(subgroup_id\) quarter: u32,/, ''],
  [
    /let total = (?=params.channels \* KERNEL_HEIGHT \* KERNEL_WIDTH;\n {2}\/\/)/,
    'let quarter = invocation;\n  let total = ',
  ],
];

const COLLECTIVE = `
fn load_right(at: u32) -> Right {
  var matrix: Right;
  for (var k = 0u; k < DEPTH; k++) {
    for (var column = 0u; column < COLUMNS; column++) {
      matrix[k * COLUMNS + column] = pixels[at + k * TILE + column];
    }
  }
  return matrix;
}

fn load_left(at: u32) -> Left {
  var matrix: Left;
  for (var row = 0u; row < ROWS; row++) {
    for (var k = 0u; k < DEPTH; k++) {
      matrix[row * DEPTH + k] = weights[at + k * TILE + row];
    }
  }
  return matrix;
}

fn multiply_accumulate(left: Left, right: Right, sums: Sums) -> Sums {
  var l = left;
  var r = right;
  var result = sums;
  for (var row = 0u; row < ROWS; row++) {
    for (var column = 0u; column < COLUMNS; column++) {
      for (var k = 0u; k < DEPTH; k++) {
        result[row * COLUMNS + column] += l[row * DEPTH + k] * r[k * COLUMNS + column];
      }
    }
  }
  return result;
}

fn store_sums(at: u32, sums: Sums) {
  var values = sums;
  for (var i = 0u; i < ROWS * COLUMNS; i++) {
    finished[at + i] = values[i];
  }
}
`;
