import type { LookupAddress } from 'node:dns';
import { expect, test } from 'vitest';
import { addressesOf, createResolve } from './resolve.ts';

test('a name whose server is silent takes one place, and others are answered', async () => {
  const asked: string[] = [];
  const resolve = createResolve((hostname) => {
    asked.push(hostname);
    const answer: LookupAddress[] = [{ address: '192.0.2.1', family: 4 }];
    return hostname === 'silent.test' ? new Promise(() => undefined) : Promise.resolve(answer);
  });
  for (let time = 0; time < 10; time += 1) void resolve('silent.test');
  for (const name of ['a.test', 'b.test', 'c.test', 'a.test']) {
    expect(await resolve(name)).toEqual([{ address: '192.0.2.1', family: 4 }]);
  }
  expect(asked).toEqual(['silent.test', 'a.test', 'b.test', 'c.test', 'a.test']);
});

test('no more than three names are asked for at a time, and a failed one gives its place on', async () => {
  const open: ((error: Error) => void)[] = [];
  const resolve = createResolve(() => new Promise((_, reject) => open.push(reject)));
  const names = ['a', 'b', 'c', 'd', 'e'].map((name) => resolve(`${name}.test`));
  expect(open).toHaveLength(3);
  for (let count = 1; count <= names.length; count += 1) {
    open[count - 1]?.(new Error('ENOTFOUND'));
    await expect(names[count - 1]).rejects.toThrow('ENOTFOUND');
  }
  expect(open).toHaveLength(5);
});

test('the address that a URL names needs no look-up', async () => {
  const never = createResolve(() => Promise.reject(new Error('asked')));
  expect(await addressesOf(new URL('https://192.0.2.1/'), never)).toEqual([
    { address: '192.0.2.1', family: 4 },
  ]);
  expect(await addressesOf(new URL('https://[2001:db8::1]:8443/'), never)).toEqual([
    { address: '2001:db8::1', family: 6 },
  ]);
});

test('the system knows this machine', async () => {
  const found = await createResolve()('localhost');
  expect(found.map(({ address }) => address).every((address) => ['127.0.0.1', '::1'].includes(address))).toBe(
    true,
  );
});
