import type { CoreSections } from './configuration.ts';
import type { FaultReport } from './faults.ts';
import { nodeAt } from './tree.ts';
import type { MappingNode, Place } from './tree.ts';

/** Contradictions between keys that are each right by themselves. */
export function contradictionsOf(value: CoreSections, tree: MappingNode): FaultReport[] {
  const faults: FaultReport[] = [];
  const at = (...path: string[]): Place => nodeAt(tree, path)?.place ?? tree.place;
  if (value.telemetry.enabled && value.telemetry.endpoint === undefined)
    faults.push({
      code: 'contradiction',
      place: at('telemetry', 'enabled'),
      path: 'telemetry.endpoint',
      message: 'Telemetry is on, and there is nowhere to send it.',
      expected: 'the URL of a collector',
      found: 'nothing',
      remedy: 'Add `endpoint:`, such as `endpoint: http://collector:4318`, or set `enabled: false`.',
    });
  if (value.server.tls !== undefined && value.server.public_url?.startsWith('http://') === true)
    faults.push({
      code: 'contradiction',
      place: at('server', 'public_url'),
      path: 'server.public_url',
      message: 'The server speaks HTTPS, and its public address says HTTP.',
      expected: 'a URL that starts with `https://`',
      found: 'one that starts with `http://`',
      remedy: 'Write `https://`, or remove `tls` if a proxy in front speaks HTTPS.',
    });
  return faults;
}
