import { AppError } from '@orchestrall/sdk';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Environment } from '../config/source/environment.ts';
import { messageOf } from '../telemetry/error-message.ts';

/** What `npm start --` was given. */
export interface StartArguments {
  /** Absolute path of the client's YAML; undefined for the built-in client. */
  readonly config: string | undefined;
  /** Absolute path of the folder that holds everything the appliance keeps. */
  readonly data: string;
  /** Stand over the YAML's `server`. */
  readonly host: string | undefined;
  readonly port: string | undefined;
}

/** What `npm start` takes, as its help says. */
export const startUsage = `Usage: npm start -- [--config FILE] [--data FOLDER] [--host ADDRESS] [--port N]

  --config FILE     the client's YAML; without it a built-in client with CRM switched on
  --data FOLDER     where everything is kept; default .orchestrall beside the README
  --host ADDRESS    address to listen on; default 127.0.0.1
  --port N          port to listen on; default 8000, 0 picks a free one
`;

/** Reads the arguments of `start`. Throws `ARGUMENT_INVALID`. */
export function readStartArguments(given: readonly string[], environment: Environment): StartArguments {
  const text = { type: 'string' } as const;
  const { values } = parse(given, { config: text, data: text, host: text, port: text });
  // npm changes into the package's folder; what a person types is relative to where they stand.
  const base = environment['INIT_CWD'] ?? process.cwd();
  return {
    config: values.config === undefined ? undefined : resolve(base, values.config),
    data: values.data === undefined ? defaultDataFolder() : resolve(base, values.data),
    host: values.host,
    port: values.port,
  };
}

/** `.orchestrall` beside the README, whatever the working folder is. */
export function defaultDataFolder(): string {
  return resolve(import.meta.dirname, '..', '..', '.orchestrall');
}

function parse<Options extends Record<string, { type: 'string' }>>(
  args: readonly string[],
  options: Options,
): { values: { [Name in keyof Options]?: string } } {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
  } catch (error) {
    throw new AppError({
      code: 'ARGUMENT_INVALID',
      status: 400,
      message: messageOf(error),
      remedy: startUsage,
      cause: error,
    });
  }
}
