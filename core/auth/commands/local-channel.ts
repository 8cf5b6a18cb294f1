import { request } from 'node:http';
import path from 'node:path';
import type { Static, TSchema } from 'typebox';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { controlSocketPath } from '../control-socket.ts';

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

/** Runs a command's work and turns its failure into a line on stderr and an exit code. */
export async function runCommand(streams: CommandStreams, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return exitCodes.done;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    streams.error(`${message}\n`);
    if (error instanceof CommandFailure) return error.exitCode;
    const usage =
      error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    return usage ? exitCodes.usage : exitCodes.failed;
  }
}

/** The data folder: as given, relative to where the person stands; else `.orchestrall` in the repository. */
export function dataFolder(given: string | undefined, streams: CommandStreams): string {
  if (given !== undefined) return path.resolve(streams.callingFolder, given);
  return path.resolve(import.meta.dirname, '../../../.orchestrall');
}

const Refusal = Type.Object({ message: Type.String(), remedy: Type.String() });

/** Asks the appliance that runs on a data folder; throws `CommandFailure` when none does or when it refuses. */
export async function askAppliance<Reply extends TSchema>(
  folder: string,
  question: { readonly path: string; readonly body: object; readonly reply: Reply },
): Promise<Static<Reply>> {
  const socket = await controlSocketPath(folder);
  try {
    const { status, text } = await post(socket.path, question.path, JSON.stringify(question.body));
    const value: unknown = JSON.parse(text);
    if (status === 200 && Check(question.reply, value)) return value;
    if (Check(Refusal, value)) throw new CommandFailure(`${value.message} ${value.remedy}`, exitCodes.failed);
    throw new CommandFailure(`The appliance gave an unexpected answer (status ${status}).`, exitCodes.failed);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EACCES' || code === 'EPERM') {
      throw new CommandFailure(
        `The data folder ${folder} belongs to another user. Run this as its owner.`,
        exitCodes.failed,
      );
    }
    if (!['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'ENOTSOCK', 'ECONNRESET'].includes(code)) throw error;
    throw new CommandFailure(
      `No appliance runs on the data folder ${folder}. Start it with npm start, or name another folder with --data.`,
      exitCodes.notRunning,
    );
  } finally {
    await socket[Symbol.asyncDispose]();
  }
}

function post(socketPath: string, urlPath: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: urlPath, method: 'POST', timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text })).on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('The appliance did not answer within 30 s.')));
    sent.on('error', reject).end(body);
  });
}
