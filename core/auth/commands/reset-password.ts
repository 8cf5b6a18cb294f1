import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ResetReply } from '../control.ts';
import { processStreams, runCommand } from '../../command-line.ts';
import { askAppliance, dataFolder } from './local-channel.ts';

const usage = `Usage: npm run -s reset-password -- [--data FOLDER] [--user NAME] [--stdin]

  --data FOLDER     that of the appliance, which runs; default .orchestrall beside the README
  --user NAME       whose password; default admin
  --stdin           takes the password from the first line of standard input; else one is made up and printed
`;

/**
 * `npm run -s reset-password`: gives a user of the running appliance a new password; all its sessions end.
 * Returns the exit code: 0, 64 for wrong arguments, 69 when no appliance runs, 1 otherwise.
 */
export function run(args: readonly string[], streams = processStreams()): Promise<number> {
  return runCommand({ given: args, usage, streams }, async () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        user: { type: 'string', default: 'admin' },
        stdin: { type: 'boolean', default: false },
      },
    });
    const given = values.stdin ? { password: (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? '' } : {};
    const { name, password } = await askAppliance(dataFolder(values.data, streams), {
      path: '/reset-password',
      body: { user: values.user, ...given },
      reply: ResetReply,
    });
    if (values.stdin) streams.error(`The password of ${name} is changed.\n`);
    else streams.out(`${password}\n`);
  });
}
