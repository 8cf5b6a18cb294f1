/**
 * What stands for an address when its attempts or requests are counted: an IPv4 address itself, also one that is
 * written as IPv6; of an IPv6 address its /64, since whoever has one has 2^64 of them
 * (https://www.rfc-editor.org/rfc/rfc6177#section-2).
 */
export function networkOf(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length);
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}
