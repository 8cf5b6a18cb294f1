import { tlsFaults } from './check-tls.ts';
import type { FaultReport } from './faults.ts';
import { fitsRevealed } from './validation/fits.ts';
import { Server } from './sections/server.ts';
import { Telemetry } from './sections/telemetry.ts';
import { nodeAt } from './source/tree.ts';
import type { MappingNode, Place } from './source/tree.ts';

/**
 * Faults that no single key shows: contradictions between keys, and files that are named and cannot be read, so that
 * not the next start finds out. A section that has faults already is passed over.
 */
export async function checkMeaning(
  core: Readonly<Record<string, unknown>>,
  tree: MappingNode,
): Promise<FaultReport[]> {
  const { telemetry, server } = core;
  return [
    ...(fitsRevealed(Telemetry, telemetry) ? telemetryFaults(telemetry, tree) : []),
    ...(fitsRevealed(Server, server) ? await serverFaults(server, tree) : []),
  ];
}

function placeAt(tree: MappingNode, ...path: string[]): Place {
  return nodeAt(tree, path)?.place ?? tree.place;
}

function telemetryFaults(telemetry: Telemetry, tree: MappingNode): FaultReport[] {
  if (!telemetry.enabled || telemetry.endpoint !== undefined) return [];
  return [
    {
      code: 'contradiction',
      place: placeAt(tree, 'telemetry', 'enabled'),
      path: 'telemetry.endpoint',
      message: 'Telemetry is on, and there is nowhere to send it.',
      expected: 'the URL of a collector',
      found: 'nothing',
      remedy: 'Add `endpoint:`, such as `endpoint: http://collector:4318`, or set `enabled: false`.',
    },
  ];
}

async function serverFaults(server: Server, tree: MappingNode): Promise<FaultReport[]> {
  const { tls, public_url } = server;
  if (tls === undefined) return [];
  const faults: FaultReport[] = [];
  if (public_url?.startsWith('http://') === true)
    faults.push({
      code: 'contradiction',
      place: placeAt(tree, 'server', 'public_url'),
      path: 'server.public_url',
      message: 'The server speaks HTTPS, and its public address says HTTP.',
      expected: 'a URL that starts with `https://`',
      found: 'one that starts with `http://`',
      remedy: 'Write `https://`, or remove `tls` if a proxy in front speaks HTTPS.',
    });
  faults.push(...(await tlsFaults(tls, (key) => placeAt(tree, 'server', 'tls', key))));
  return faults;
}
