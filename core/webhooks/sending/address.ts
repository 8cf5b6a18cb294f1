import { BlockList, isIP } from 'node:net';

/**
 * Networks of IPv4 that are not the public internet (https://www.iana.org/assignments/iana-ipv4-special-registry): this
 * host, private, shared, loopback, link-local with the metadata services of clouds, protocol assignments, documentation,
 * relays, benchmarks, multicast, reserved and broadcast. The last one is Azure's metadata service.
 */
const specialIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
];

/** The only part of IPv6 that is public at all (https://www.iana.org/assignments/ipv6-unicast-address-assignments). */
const globalIpv6 = ['2000::/3'];

/** What of it is not: protocol assignments with Teredo, documentation, and 6to4, which carries any IPv4 address. */
const specialIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** A set of addresses out of networks in CIDR notation. */
export function networks(list: readonly string[]): BlockList {
  const set = new BlockList();
  for (const network of list) {
    const [address = '', prefix] = network.split('/');
    set.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return set;
}

const special = { ipv4: networks(specialIpv4), ipv6: networks(specialIpv6), global: networks(globalIpv6) };

/**
 * Whether a webhook may be sent to an address: one of the public internet, or of a network that the client's YAML
 * allows. IPv4 that is written as IPv6 (`::ffff:10.0.0.1`, and NAT64's `64:ff9b::a00:1`) is judged as the IPv4 address
 * it leads to. What is no address at all is refused.
 */
export function isReachable(address: string, allowed: BlockList): boolean {
  const plain = embeddedIpv4(address) ?? address;
  const family = isIP(plain);
  if (family === 0 || plain.includes('%')) return false;
  if (family === 4) return !special.ipv4.check(plain) || allowed.check(plain);
  if (allowed.check(plain, 'ipv6')) return true;
  return special.global.check(plain, 'ipv6') && !special.ipv6.check(plain, 'ipv6');
}

const mapped = networks(['::ffff:0:0/96', '64:ff9b::/96']);

/** The IPv4 address within an IPv6 one of the forms that lead to it; undefined for every other. */
function embeddedIpv4(address: string): string | undefined {
  if (isIP(address) !== 6 || address.includes('%') || !mapped.check(address, 'ipv6')) return undefined;
  // The URL parser writes every form alike, the last 32 bits as two groups.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high = '', low = ''] = groups.slice(-2);
  return [high, low].flatMap((group) => bytesOf(Number.parseInt(`0${group}`, 16))).join('.');
}

function bytesOf(group: number): number[] {
  return [Math.floor(group / 256), group % 256];
}
