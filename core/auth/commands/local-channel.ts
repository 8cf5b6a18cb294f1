import { request } from 'node:http';
import path from 'node:path';
import type { Static, TSchema } from 'typebox';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { CommandFailure, exitCodes, pathFrom } from '../../command-line.ts';
import type { CommandStreams } from '../../command-line.ts';
import { controlSocketPath } from '../control-socket.ts';

/** The data folder: as given, relative to where the person stands; else `.orchestrall` in the repository. */
export function dataFolder(given: string | undefined, streams: CommandStreams): string {
  if (given !== undefined) return pathFrom(streams, given);
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
    if (Check(Refusal, value))
      throw new CommandFailure(`${value.message}\n${value.remedy}`, exitCodes.failed);
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
