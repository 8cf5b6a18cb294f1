import { access, constants } from 'node:fs/promises';
import type { CoreSections } from './configuration.ts';
import type { FaultReport } from './faults.ts';
import { reasonOf } from './read-file.ts';
import { nodeAt } from './tree.ts';
import type { MappingNode } from './tree.ts';

/** Files that the configuration names and that cannot be read now, so that the next start does not find out. */
export async function unreadableFilesOf(value: CoreSections, tree: MappingNode): Promise<FaultReport[]> {
  const { tls } = value.server;
  if (tls === undefined) return [];
  const faults: FaultReport[] = [];
  for (const key of ['cert', 'key'] as const) {
    try {
      await access(tls[key], constants.R_OK);
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      faults.push({
        code: 'unreadable',
        place: nodeAt(tree, ['server', 'tls', key])?.place ?? tree.place,
        path: `server.tls.${key}`,
        message: `The file ${tls[key]} cannot be read: ${message}.`,
        expected: 'a readable PEM file',
        found: message,
        remedy,
      });
    }
  }
  return faults;
}
