import path from 'node:path';
import { AppError } from '@orchestrall/sdk';
import { messageOf } from './telemetry/error-message.ts';

/** Exit codes of the local commands (sysexits.h). */
export const exitCodes = { done: 0, failed: 1, usage: 64, notRunning: 69 } as const;

/** Where a command reads and writes; the process's own by default. */
export interface CommandStreams {
  /** What was asked for, and nothing else. */
  out(text: string): void;
  /** Messages for people. */
  error(text: string): void;
  /** Folder in which the person called npm. */
  readonly callingFolder: string;
}

/** Those of this process. */
export function processStreams(): CommandStreams {
  return {
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    // npm runs scripts in the repository and tells here where the person stood.
    callingFolder: process.env['INIT_CWD'] ?? process.cwd(),
  };
}

/** A command that ends with a message for people. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Whether the usage is asked for instead of the command's work. */
export function asksForUsage(given: readonly string[]): boolean {
  return given.includes('--help') || given.includes('-h');
}

/**
 * Runs a command's work and turns its failure into lines on stderr and an exit code; wrong arguments, told by a
 * TypeError of `parseArgs`, are followed by the usage. `--help` prints that instead, and the exit code is 0.
 */
export async function runCommand(
  { given, usage, streams }: { given: readonly string[]; usage: string; streams: CommandStreams },
  work: () => Promise<void>,
): Promise<number> {
  if (asksForUsage(given)) {
    streams.out(usage);
    return exitCodes.done;
  }
  try {
    await work();
    return exitCodes.done;
  } catch (error) {
    const message = messageOf(error);
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      streams.error(`${message}\n\n${usage}`);
      return exitCodes.usage;
    }
    streams.error(error instanceof AppError ? `${message}\n${error.remedy}\n` : `${message}\n`);
    return error instanceof CommandFailure ? error.exitCode : exitCodes.failed;
  }
}

/** A path as a person means it: relative to where they stand. */
export function pathFrom(streams: CommandStreams, given: string): string {
  return path.resolve(streams.callingFolder, given);
}
