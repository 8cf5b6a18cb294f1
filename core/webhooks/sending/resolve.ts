import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupAddress } from 'node:dns';

/** All addresses of a host name; rejects when there are none. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * Look-ups under way at most: each takes one of the process's four threads, which files and hashes need too, for as long
 * as a name server keeps silent.
 */
const together = 3;

/**
 * Asks the system, as everything else on this machine does, for a few names at a time, and for each name once at a time:
 * one whose name server is silent takes no more than one place.
 *
 * @param ask default the system's own look-up
 */
export function createResolve(ask: Resolve = askSystem): Resolve {
  const asked = new Map<string, Promise<readonly LookupAddress[]>>();
  const waiting: (() => void)[] = [];
  let free = together;
  const inTurn: Resolve = async (hostname) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await ask(hostname);
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
  return (hostname) => {
    const known = asked.get(hostname);
    if (known !== undefined) return known;
    const answer = inTurn(hostname).finally(() => asked.delete(hostname));
    asked.set(hostname, answer);
    return answer;
  };
}

async function askSystem(hostname: string): Promise<readonly LookupAddress[]> {
  return lookup(hostname, { all: true });
}

/** The addresses of a URL's host: those its name has now, or the one it is. */
export async function addressesOf(url: URL, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const name = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const family = isIP(name);
  return family === 0 ? resolve(name) : [{ address: name, family }];
}
