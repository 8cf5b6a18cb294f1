import { AppError } from '@orchestrall/sdk';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asksForUsage, exitCodes } from './command-line.ts';
import { configurationExitCode, ConfigurationError } from './config/faults.ts';
import { readEnvironment } from './config/source/environment.ts';
import { createAppliance } from './kernel/appliance.ts';
import type { Appliance } from './kernel/appliance-options.ts';
import { stopOnSignals } from './kernel/signals.ts';
import { readStartArguments, startUsage } from './kernel/start-arguments.ts';
import { openLogStream } from './telemetry/log-stream.ts';
import { startWatchdog } from './telemetry/watchdog.ts';
import { Logs } from './telemetry/logs.ts';

/** Runs one command of the process; resolves with its exit code, or keeps running after `start`. */
export async function main([command = 'start', ...given]: readonly string[]): Promise<number> {
  try {
    if (command === 'start') return await start(given);
    if (command === 'token') return await (await import('./auth/commands/token.ts')).run(given);
    if (command === 'reset-password') {
      return await (await import('./auth/commands/reset-password.ts')).run(given);
    }
    if (command === 'pack') return await (await import('./host/commands/pack.ts')).run(given);
    process.stderr.write(`There is no command "${command}".\n\n${startUsage}`);
    return exitCodes.usage;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    if (error instanceof ConfigurationError) return configurationExitCode;
    return error instanceof AppError && error.code === 'ARGUMENT_INVALID'
      ? exitCodes.usage
      : exitCodes.failed;
  }
}

async function start(given: readonly string[]): Promise<number> {
  if (asksForUsage(given)) {
    process.stdout.write(startUsage);
    return exitCodes.done;
  }
  const environment = readEnvironment();
  const { config, data, host, port } = readStartArguments(given, environment);
  const logs = openLogStream();
  const starting = createAppliance({
    file: config,
    dataFolder: data,
    environment,
    overrides: {
      ...(host === undefined ? {} : { 'server.host': host }),
      ...(port === undefined ? {} : { 'server.port': port }),
    },
    logDestination: logs,
    onFirstPassword: async (password) => handOverFirstPassword(password, data),
  });
  const watchdog = startWatchdog();
  // From the first moment on: a start that is interrupted must leave nothing running either.
  stopOnSignals({
    log: new Logs({ destination: logs }).logger('core.kernel'),
    stop: async (reason) => {
      await (await starting).stop(reason);
      await watchdog[Symbol.asyncDispose]();
    },
    exit: (code) => {
      logs.flush();
      process.exit(code);
    },
    sameWithinMs: environment['npm_lifecycle_event'] === undefined ? 0 : 500,
  });
  const appliance = await starting;
  // From a terminal it says that the terminal is gone; nobody would be left to stop what goes on without it.
  if (!process.stdout.isTTY) process.on('SIGHUP', () => reloadCertificate(appliance));
  logs.flush();
  process.stdout.write(`Orchestrall ready at ${appliance.url}\n`);
  // What a first sign-in would load and this start could do without; after the line has gone out.
  setImmediate(() => prepareIdentity(appliance));
  return 0;
}

function prepareIdentity(appliance: Appliance): void {
  appliance.rooms.auth.prepare().catch((error: unknown) => {
    appliance.logs.logger('core.auth').error({ error }, 'the identity provider could not be loaded');
  });
}

function reloadCertificate(appliance: Appliance): void {
  appliance.reloadCertificate().catch((error: unknown) => {
    appliance.logs.logger('core.kernel').error({ error }, 'the certificate could not be read again');
  });
}

/** An error for a person at a terminal: what happened and what to do, without a stack where it is ours. */
function explain(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (error instanceof AppError) return `${error.message}\n${error.remedy}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The first administrator's password is shown to a person only; elsewhere it goes into a file of the owner's. */
async function handOverFirstPassword(password: string, dataFolder: string): Promise<void> {
  if (process.stdout.isTTY) {
    process.stdout.write(`Administrator: admin   Password: ${password}   (shown only now)\n`);
    return;
  }
  const file = join(dataFolder, 'first-password');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  process.stdout.write(`The password of the administrator "admin" is in ${file}\n`);
}
