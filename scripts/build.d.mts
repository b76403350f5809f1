export function ensureBuilt(): Promise<void>;
export function buildAll(): Promise<void>;
