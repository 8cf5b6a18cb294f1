/**
 * Headers of every answer: nothing is sniffed, framed, cached or allowed to load other resources
 * (https://owasp.org/www-project-secure-headers/). A route that serves a page sets its own content-security-policy.
 */
export const responseHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};
