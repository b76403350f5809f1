export interface WebBuildOptions {
  readonly out?: string;
  readonly weightsUrl?: string;
  readonly copyWeights?: boolean;
}
export function ensureWebBuilt(): Promise<void>;
export interface WebBuild {
  /** Gzipped bytes of each script, style sheet and HTML file. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Scripts that load only when an image needs their decoder. */
  readonly later: ReadonlySet<string>;
}
export function buildWeb(options?: WebBuildOptions): Promise<WebBuild>;
