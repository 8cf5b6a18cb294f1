import type { Database } from '@orchestrall/sdk';
import { hash } from 'node:crypto';
import { networkOf } from '../network.ts';

/** How many failures are free before each further one blocks for twice as long as the last. */
const free = { user: 5, address: 20 } as const;
/** Of quiet, after the last failure and its block. */
const forgottenAfterSeconds = 900;
const longestBlockSeconds = 900;

/** Slows down guessing, by user and by address, over all replicas. */
export interface Attempts {
  /**
   * Counts an attempt before it is made, so that many at once count as many; undefined when it may go on, else the
   * seconds to wait. A name that nobody has is counted like any other.
   */
  begin(userName: string, address: string): Promise<number | undefined>;
  /** Takes back what `begin` counted. */
  succeed(userName: string, address: string): Promise<void>;
}

/** Creates the counter. Blocks last 1, 2, 4 ... 900 seconds and begin at the sixth failure of a user, the 21st of an address. */
export function createAttempts(database: Database): Attempts {
  const count = async (key: string, allowance: number): Promise<number | undefined> => {
    const counted = await database.query(
      `insert into auth_attempts as held (key, failures, last_at) values ($1, 1, now())
       on conflict (key) do update set
         failures = case when greatest(held.last_at, held.blocked_until) < now() - $3::float8 * interval '1 second' then 1 else held.failures + 1 end,
         last_at = now(),
         blocked_until = case
           when greatest(held.last_at, held.blocked_until) < now() - $3::float8 * interval '1 second' or held.failures < $2::int then null
           else now() + least($4::float8, power(2, least(held.failures - $2::int, 20))) * interval '1 second'
         end
       where held.blocked_until is null or held.blocked_until <= now()
       returning 1`,
      [key, allowance, forgottenAfterSeconds, longestBlockSeconds],
    );
    if (counted.length > 0) return undefined;
    const [row] = await database.query<{ seconds: number }>(
      `select ceil(extract(epoch from blocked_until - now()))::int as seconds from auth_attempts where key = $1`,
      [key],
    );
    return Math.max(1, row?.seconds ?? 1);
  };
  return {
    async begin(userName, address) {
      const byAddress = await count(addressKey(address), free.address);
      return byAddress ?? (await count(userKey(userName), free.user));
    },
    async succeed(userName, address) {
      await database.query('delete from auth_attempts where key = $1', [userKey(userName)]);
      await database.query(
        'update auth_attempts set failures = greatest(0, failures - 1), blocked_until = null where key = $1',
        [addressKey(address)],
      );
    },
  };
}

/** Under which a user's failures are counted; hashed, since people type passwords into the name field. */
export function userKey(userName: string): string {
  return `user:${hash('sha256', userName.trim().toLowerCase(), 'base64url')}`;
}

function addressKey(address: string): string {
  return `address:${networkOf(address)}`;
}
