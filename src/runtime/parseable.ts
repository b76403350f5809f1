/** A shader as wgsl_reflect can parse it: without types and calls that it does not know yet, none of which is part of an interface. */
export function parseable(source: string): string {
  return source.replace(/subgroup_matrix_\w+<[^>]*>/g, 'f32').replace(/(subgroupMatrix\w+)<[^>]*>/g, '$1');
}
