import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ResetReply } from '../control.ts';
import { askAppliance, dataFolder, processStreams, runCommand } from './local-channel.ts';

/**
 * `npm run -s reset-password -- [--data FOLDER] [--user NAME] [--stdin]`: gives a user of the running appliance a new
 * password, made up and printed, or read from the first line of standard input. The user is `admin` by default;
 * all its sessions end.
 * Returns the exit code: 0, 64 for wrong arguments, 69 when no appliance runs, 1 otherwise.
 */
export function run(args: readonly string[], streams = processStreams()): Promise<number> {
  return runCommand(streams, async () => {
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
