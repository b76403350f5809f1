/** A shader is imported as its text: esbuild and vitest both load `.wgsl` that way. */
declare module '*.wgsl' {
  const source: string;
  export default source;
}
