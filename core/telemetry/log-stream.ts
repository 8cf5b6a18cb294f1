import { createRequire } from 'node:module';
import { destination } from 'pino';
import type { DestinationStream } from 'pino';
import type { PrettyOptions } from 'pino-pretty';

/** Where log lines go, and in which form. */
export interface LogStreamOptions {
  /** File descriptor to write to; default 1, standard output. */
  readonly descriptor?: number;
  /** For people instead of machines; default: whether the descriptor is a terminal. */
  readonly pretty?: boolean;
}

/** A stream of log lines that can be written out before the process ends. */
export interface LogStream extends DestinationStream {
  /** Writes what is still buffered; call it last. */
  flush(): void;
}

/** Opens the stream that log lines go to: JSON lines, or readable ones on a terminal. */
export function openLogStream(options: LogStreamOptions = {}): LogStream {
  const descriptor = options.descriptor ?? 1;
  const readable = options.pretty ?? (descriptor === 1 && process.stdout.isTTY);
  const raw = destination({ fd: descriptor, sync: readable });
  const flush = (): void => raw.flushSync();
  if (!readable) return { write: (line) => raw.write(line), flush };
  const format = loadPretty().prettyFactory({
    colorize: true,
    messageKey: 'message',
    levelKey: 'level',
    timestampKey: 'timestamp',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    ignore: 'logger',
    messageFormat: '{logger}  {message}',
    customLevels: 'DEBUG:20,INFO:30,WARNING:40,ERROR:50,CRITICAL:60',
    customColors: 'DEBUG:blue,INFO:green,WARNING:yellow,ERROR:red,CRITICAL:bgRed',
  });
  return { write: (line) => raw.write(format(line)), flush };
}

/** Loaded only for a terminal, to keep it out of the start of a service. */
function loadPretty(): { prettyFactory(options: PrettyOptions): (line: string) => string } {
  return createRequire(import.meta.url)('pino-pretty');
}
