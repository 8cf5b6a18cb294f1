import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Everything that arrived. */
  readonly text: string;
}

/**
 * Sends bytes as they are, each part after the one before has left, and reads until the server closes or, when it keeps
 * the connection open, until `quietMs` have passed without a byte.
 */
export async function sendRaw(port: number, parts: readonly string[], quietMs = 500): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let timer = setTimeout(resolve, 10_000);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    clearTimeout(timer);
    timer = setTimeout(resolve, quietMs);
  });
  socket.on('close', () => resolve());
  socket.on('error', () => resolve());
  for (const part of parts) {
    await new Promise<void>((written) => socket.write(part, 'latin1', () => written()));
    await sleep(5);
  }
  await closed;
  clearTimeout(timer);
  socket.destroy();
  return parse(Buffer.concat(chunks).toString('utf8'));
}

function parse(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n'), text };
}
