import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as immediate, setTimeout as pause } from 'node:timers/promises';

/** How many turns of the loop in a row must bring no connection before nobody is taken to be waiting. */
const quietTurns = 10;
/** After this long one such turn is enough: some clients open a connection for each request, and never pause. */
const patienceMs = 500;
/** After this long it ends in any case. */
const limitMs = 2_000;

/**
 * Takes no new connections, and keeps the ones there are: a request may be on its way on any of them. Node's own
 * `close()` of an HTTP server would reset those. So would the system those that wait to be accepted, of which a turn of
 * the loop accepts one; they are accepted first, and it ends right after a turn that found none.
 */
export async function stopListening(server: Server): Promise<void> {
  const began = performance.now();
  let accepted = 0;
  const count = (): void => void (accepted += 1);
  server.on('connection', count);
  for (
    let quiet = 0, waited = 0;
    quiet < quietTurns && waited < limitMs;
    waited = performance.now() - began
  ) {
    const before = accepted;
    // Some time to come in, then one more look, behind which nothing else runs before the end.
    if (waited < patienceMs) await pause(2);
    await immediate();
    quiet = accepted === before ? quiet + 1 : 0;
    if (quiet > 0 && waited >= patienceMs) break;
  }
  server.off('connection', count);
  NetServer.prototype.close.call(server);
}
