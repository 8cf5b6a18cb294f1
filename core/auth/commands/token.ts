import { parseArgs } from 'node:util';
import { allRoles, isRole } from '../access.ts';
import { TokenReply } from '../control.ts';
import { CommandFailure, exitCodes, processStreams, runCommand } from '../../command-line.ts';
import { askAppliance, dataFolder } from './local-channel.ts';

const usage = `Usage: npm run -s token -- [--data FOLDER] [--role admin|operator|viewer|system]

  --data FOLDER     that of the appliance, which runs; default .orchestrall beside the README
  --role ROLE       what the token allows; default admin
`;

/**
 * `npm run -s token`: prints an access token of the appliance that runs on the data folder, and nothing else.
 * Returns the exit code: 0, 64 for wrong arguments, 69 when no appliance runs, 1 otherwise.
 */
export function run(args: readonly string[], streams = processStreams()): Promise<number> {
  return runCommand({ given: args, usage, streams }, async () => {
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
