import { expect, test } from 'vitest';
import { isReachable, networks } from './address.ts';

const none = networks([]);

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '168.63.129.16',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '203.0.113.7',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:0:0',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::127.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::a00:1',
  '64:ff9b:1::a00:1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  'localhost',
  '',
  '2130706433',
  '0x7f.0.0.1',
])('the address %j is refused', (address) => {
  expect(isReachable(address, none)).toBe(false);
});

test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '::ffff:8.8.8.8', '64:ff9b::808:808', '2606:4700::1111'])(
  'the public address %s is reached',
  (address) => {
    expect(isReachable(address, none)).toBe(true);
  },
);

test('what the YAML allows is reached, in whichever form it is written, and nothing else', () => {
  const allowed = networks(['10.20.0.0/16', 'fd00:1::/32', '127.0.0.1/32']);
  for (const address of ['10.20.3.4', '::ffff:10.20.3.4', '64:ff9b::a14:304', 'fd00:1::9', '127.0.0.1'])
    expect(isReachable(address, allowed), address).toBe(true);
  for (const address of ['10.21.0.1', '::ffff:10.21.0.1', 'fd00:2::9', '127.0.0.2', '::1'])
    expect(isReachable(address, allowed), address).toBe(false);
});

test.each([
  ['http://2130706433/', '127.0.0.1'],
  ['http://0x7f000001/', '127.0.0.1'],
  ['http://0177.0.0.1/', '127.0.0.1'],
  ['http://127.1/', '127.0.0.1'],
  ['http://0/', '0.0.0.0'],
  ['http://①②⑦.0.0.1/', '127.0.0.1'],
])('the URL %s names %s, which is what is judged', (url, address) => {
  expect(new URL(url).hostname).toBe(address);
  expect(isReachable(new URL(url).hostname, none)).toBe(false);
});
