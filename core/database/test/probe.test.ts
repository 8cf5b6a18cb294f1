import { expect, test } from 'vitest';
import { sharedServer } from '../../testing/postgres.ts';
import { startStallingProxy } from '../../testing/stalling-proxy.ts';
import { answersProbe } from '../probe.ts';

/** The message by which a client ends its connection. */
const terminate = 'X\0\0\0\u0004';

test('a server that has answered the probe and falls silent before the goodbye is not waited for', async () => {
  await using proxy = await startStallingProxy(await sharedServer('embedded'));
  proxy.stallAt(terminate);
  expect(await answersProbe(proxy.connection, 2_000)).toBe(true);
});
