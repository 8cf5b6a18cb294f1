const secretName =
  /(?:^|_)(?:password|passwd|passphrase|secret|token|jwt|authorization|cookie|credentials?|api_?key|private_key)$/;
const judged = new Map<string, boolean>();

/**
 * Whether a name says that what stands under it is a secret, so that it is masked even where a schema forgot to say
 * so: its snake_case form ends in a word such as `password` or `token`. The one rule, for configuration and logs.
 */
export function namesSecret(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[-. ]/g, '_')
    .toLowerCase();
  const secret = secretName.test(snake);
  // Names come from code and from input; the cache must not grow with the latter.
  if (judged.size < 10_000) judged.set(name, secret);
  return secret;
}
