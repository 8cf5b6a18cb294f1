import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupAddress } from 'node:dns';

/** All addresses of a host name; rejects when there are none. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Look-ups under way at most: each takes one of the process's four threads, which files and hashes need too. */
const together = 2;

/** Asks the system, as everything else on this machine does, for a few names at a time. */
export function createResolve(): Resolve {
  const waiting: (() => void)[] = [];
  let free = together;
  return async (hostname) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await lookup(hostname, { all: true });
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** The addresses of a URL's host: those its name has now, or the one it is. */
export async function addressesOf(url: URL, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const name = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const family = isIP(name);
  return family === 0 ? resolve(name) : [{ address: name, family }];
}
