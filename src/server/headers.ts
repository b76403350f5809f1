/** What every answer of `raycam serve` says besides its content. */
import policy from './page_policy.json' with { type: 'json' };

/** The page's own, and what an element of the page cannot say: who may frame it. */
const POLICY = [...policy, "frame-ancestors 'none'"].join('; ');

/** With the first two, a page may share memory between threads. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};
