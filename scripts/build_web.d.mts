export interface WebBuildOptions {
  readonly out?: string;
  readonly weightsUrl?: string;
  readonly copyWeights?: boolean;
}
export function ensureWebBuilt(): Promise<void>;
export function buildWeb(options?: WebBuildOptions): Promise<Record<string, number>>;
