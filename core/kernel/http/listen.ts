import { startControl } from '../../auth/control.ts';
import type { Host } from '../../host/host.ts';
import type { ServiceRegistry } from '../../telemetry/health.ts';
import type { LiveConfiguration } from '../configuration/live-configuration.ts';
import type { CoreRooms } from '../core-rooms.ts';
import type { Foundation } from '../foundation.ts';
import type { HttpFront } from './front.ts';

/** What begins to listen, and what a stop lets come to its end. */
export interface ListenOptions {
  readonly rooms: CoreRooms;
  readonly front: HttpFront;
  readonly host: Host;
  readonly services: ServiceRegistry;
  readonly live: LiveConfiguration;
}

/**
 * Opens what others reach the appliance by, the HTTP port and the local commands, and watches health from then on.
 * Resolves with the URL. Throws `ADDRESS_UNAVAILABLE` and `CONTROL_IN_USE`.
 */
export async function listen(foundation: Foundation, options: ListenOptions): Promise<string> {
  const { stages, logs, lifecycle } = foundation;
  const { rooms, front, services, live } = options;
  await front.core.instance.ready();
  stages.drainBeforeStop('requests', async () => drain(foundation, options));
  const { host, port } = live.current.value.server;
  const { url } = await front.gateway.listen({ host, port });
  lifecycle.listensAt(url);
  const commands = {
    folder: foundation.options.dataFolder,
    auth: rooms.auth,
    log: logs.logger('core.auth'),
  };
  await stages.start(
    'local commands',
    async () => startControl(commands),
    async (local) => local[Symbol.asyncDispose](),
  );
  await stages.start(
    'health watch',
    () => services.watch(),
    (watch) => watch[Symbol.dispose](),
  );
  return url;
}

/** Refuses new requests, lets those in flight finish within `server.shutdown_timeout`, and switches the plugins off. */
async function drain({ logs }: Foundation, { front, host, live }: ListenOptions): Promise<void> {
  const answered = front.gateway.stop(live.current.value.server.shutdown_timeout * 1000);
  front.core.streams.endAll('server_shutdown');
  await host.stop();
  const { cut } = await answered;
  if (cut > 0) logs.logger('core.kernel').warn({ cut }, 'requests outlived the deadline and were cut');
  await front.core.instance.close();
}
