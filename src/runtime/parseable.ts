/**
 * Replaces subgroup-matrix types and calls, which wgsl_reflect cannot parse yet. They are never part of a shader's
 * interface.
 */
export function parseable(source: string): string {
  return source.replace(/subgroup_matrix_\w+<[^>]*>/g, 'f32').replace(/(subgroupMatrix\w+)<[^>]*>/g, '$1');
}
