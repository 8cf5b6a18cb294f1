import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandFailure, exitCodes, pathFrom, processStreams, runCommand } from '../../command-line.ts';
import { pack } from '../packages/packed/pack.ts';
import { packedEnding } from '../packages/packed/packed.ts';

const usage = `Usage: npm run -s pack -- FOLDER [FILE]

  FOLDER            that of the plugin, in which its plugin.ts lies
  FILE              what is written, ending in ${packedEnding}; default its name where you stand
`;

/**
 * `npm run -s pack`: makes one file of a plugin's folder, to be laid into a folder of `plugins.paths`; prints name,
 * version, path and SHA-256 of it. Returns the exit code: 0, 64 for wrong arguments, 1 for a plugin with faults.
 */
export function run(given: readonly string[], streams = processStreams()): Promise<number> {
  return runCommand({ given, usage, streams }, async () => {
    const { positionals } = parseArgs({ args: [...given], options: {}, allowPositionals: true });
    const [folder, file, ...rest] = positionals;
    if (folder === undefined || rest.length > 0) {
      throw new CommandFailure(`Name one folder, and one file at most.\n\n${usage}`, exitCodes.usage);
    }
    const source = pathFrom(streams, folder);
    const packed = await pack(source, pathFrom(streams, file ?? `${basename(source)}${packedEnding}`));
    const { name, version } = packed.manifest;
    streams.out(`${name} ${version} ${packed.file} ${packed.sha256}\n`);
  });
}
