/** Headers of every response of `raycam serve`. */
import policy from './page_policy.json' with { type: 'json' };

/** The page's own policy, plus `frame-ancestors`, which a `<meta>` element cannot set. */
const POLICY = [...policy, "frame-ancestors 'none'"].join('; ');

/** The first two headers allow a page to share memory between threads. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};
