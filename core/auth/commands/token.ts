import { parseArgs } from 'node:util';
import { allRoles, isRole } from '../access.ts';
import { TokenReply } from '../control.ts';
import {
  CommandFailure,
  askAppliance,
  dataFolder,
  exitCodes,
  processStreams,
  runCommand,
} from './local-channel.ts';

/**
 * `npm run -s token -- [--data FOLDER] [--role admin|operator|viewer|system]`: prints an access token of the
 * appliance that runs on the data folder, and nothing else; the role is `admin` by default.
 * Returns the exit code: 0, 64 for wrong arguments, 69 when no appliance runs, 1 otherwise.
 */
export function run(args: readonly string[], streams = processStreams()): Promise<number> {
  return runCommand(streams, async () => {
    const { values } = parseArgs({
      args: [...args],
      options: { data: { type: 'string' }, role: { type: 'string', default: 'admin' } },
    });
    if (!isRole(values.role)) {
      throw new CommandFailure(
        `There is no role ${values.role}. Use one of ${allRoles.join(', ')}.`,
        exitCodes.usage,
      );
    }
    const { token } = await askAppliance(dataFolder(values.data, streams), {
      path: '/token',
      body: { role: values.role },
      reply: TokenReply,
    });
    streams.out(`${token}\n`);
  });
}
