import { readFileSync } from 'node:fs';

let limitBytes: number | undefined;

/**
 * Returns how many bytes of addresses this process may use, which clusters limit with `ulimit -v`; infinite if there is
 * no limit, or on systems other than Linux.
 */
export function addressSpaceBytes(): number {
  limitBytes ??= read();
  return limitBytes;
}

function read(): number {
  try {
    const [, soft] = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
