import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAttempts } from '../accounts/attempts.ts';
import type { Attempts } from '../accounts/attempts.ts';
import { startTestAppliance } from './appliance.ts';
import type { TestAppliance } from './appliance.ts';

let appliance: TestAppliance;
let attempts: Attempts;

beforeAll(async () => {
  appliance = await startTestAppliance();
  attempts = createAttempts(appliance.database.core());
});

afterAll(() => appliance[Symbol.asyncDispose]());

/** Lets time pass for the stored counters. */
const pass = (seconds: number): Promise<unknown> =>
  appliance.database.core().query(
    `update auth_attempts set last_at = last_at - $1::float8 * interval '1 second',
       blocked_until = blocked_until - $1::float8 * interval '1 second'`,
    [seconds],
  );

async function fail(
  times: number,
  name: (index: number) => string,
  address: string,
): Promise<(number | undefined)[]> {
  const waits: (number | undefined)[] = [];
  for (let index = 0; index < times; index += 1) {
    waits.push(await attempts.begin(name(index), address));
  }
  return waits;
}

describe('begin()', () => {
  it('lets six attempts of a user through and then doubles the wait, up to 900 s', async () => {
    expect(await fail(7, () => 'ada', '192.0.2.1')).toEqual([...Array.from({ length: 6 }), 1]);
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 12; round += 1) {
      await pass(waits.at(-1) ?? 1);
      waits.push(...(await fail(2, () => 'ada', `198.51.100.${round}`)).slice(1));
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900].slice(0, waits.length));
  });

  it('takes names that differ only in case or spaces for one', async () => {
    await fail(6, (index) => (index % 2 === 0 ? 'Grace' : ' grace '), '192.0.2.2');
    expect(await attempts.begin('GRACE', '192.0.2.3')).toBe(1);
  });

  it('blocks an address after 20 names, and its neighbours in one IPv6 network, but no other', async () => {
    const waits = await fail(22, (index) => `name-${index}`, '2001:db8:1:2::1');
    expect(waits.filter((wait) => wait === undefined)).toHaveLength(21);
    expect(await attempts.begin('somebody', '2001:db8:1:2:ffff::9')).toBeGreaterThan(0);
    expect(await attempts.begin('somebody', '2001:db8:1:3::1')).toBeUndefined();
  });

  it('takes an IPv4 address in IPv6 form for the same', async () => {
    await fail(22, (index) => `other-${index}`, '203.0.113.9');
    expect(await attempts.begin('somebody-else', '::ffff:203.0.113.9')).toBeGreaterThan(0);
  });

  it('forgets after 15 minutes of quiet, and at once after a success', async () => {
    await fail(7, () => 'later', '192.0.2.4');
    await pass(905);
    expect(await fail(2, () => 'later', '192.0.2.5')).toEqual([undefined, undefined]);
    await fail(4, () => 'soon', '192.0.2.6');
    await attempts.succeed('soon', '192.0.2.6');
    expect(await fail(6, () => 'soon', '192.0.2.6')).toEqual(Array.from({ length: 6 }));
  });

  it('stores no name', async () => {
    await attempts.begin('my-secret-password', '192.0.2.7');
    expect(
      JSON.stringify(await appliance.database.core().query('select key from auth_attempts')),
    ).not.toContain('secret');
  });
});
