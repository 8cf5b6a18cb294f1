/** Whether a key's name says that its value is a secret, so that it is masked even where a schema forgot to say so. */
export function namesSecret(key: string): boolean {
  return /(^|[_-])(password|passphrase|secret|token|api_?key|private_key|credentials?)$/i.test(key);
}
