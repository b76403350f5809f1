/** A shader is imported as its text: esbuild and vitest both load `.wgsl` that way. */
declare module '*.wgsl' {
  const source: string;
  export default source;
}

/** The file that Node and bundlers can both import; its types are the package's own. */
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
