import { isIP } from 'node:net';
import { hostname } from 'node:os';

const MAX_URL_CHARACTERS = 2048;
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

export interface CheckedRequest {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/**
 * Checks a request. Returns why it is refused, or its decoded path, which begins with `/` and has no `.` or `..` part.
 */
export function checkRequest(
  { method, url = '', headers }: CheckedRequest,
  boundTo: string,
): Refusal | { readonly path: string } {
  if (!isKnownHost(headers.host, boundTo))
    return { status: 421, message: 'This server only answers requests for its own address.' };
  if (url.length > MAX_URL_CHARACTERS)
    return { status: 414, message: 'The address is too long (the limit is 2048 characters).' };
  const path = decode(url.replace(/[?#].*$/s, ''));
  if (path === undefined || !isClean(path)) return { status: 400, message: 'The address is malformed.' };
  const isPull = path.startsWith('/pull/');
  if (method !== 'GET' && method !== 'HEAD' && !(method === 'POST' && isPull))
    return { status: 405, message: 'Only GET and HEAD are allowed.' };
  if (method === 'POST' && !isSameOrigin(headers))
    return { status: 403, message: 'Only the page itself may send this request.' };
  return { path };
}

/**
 * Checks the Host header. A foreign page whose name was made to resolve to this server (DNS rebinding) sends its own
 * name.
 */
function isKnownHost(host: string | string[] | undefined, boundTo: string): boolean {
  const name = /^(\[[^\]]+\]|[^:]+)(:\d+)?$/
    .exec(String(host ?? ''))?.[1]
    ?.replace(/^\[|\]$/g, '')
    .toLowerCase();
  if (name === undefined) return false;
  if (LOOPBACK.includes(name) || name === boundTo.toLowerCase()) return true;
  return !isLoopback(boundTo) && (isIP(name) !== 0 || name === hostname().toLowerCase());
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(host) || (isIP(host) === 4 && host.startsWith('127.'));
}

function isSameOrigin(headers: CheckedRequest['headers']): boolean {
  const { origin, host } = headers;
  return headers['sec-fetch-site'] === 'same-origin' || origin === `http://${host}`;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function isClean(path: string): boolean {
  if (!path.startsWith('/') || path.startsWith('//') || path.includes('\\')) return false;
  for (const character of path) if (character < ' ' || character === '\x7f') return false;
  return path.split('/').every(part => !part.startsWith('.'));
}
