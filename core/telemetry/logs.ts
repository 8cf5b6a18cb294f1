import type { Log } from '@orchestrall/sdk';
import { pino } from 'pino';
import type { FastifyBaseLogger } from 'fastify';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { levelOfWord, LevelTree } from './levels.ts';
import type { Level } from './levels.ts';
import { maskObject } from './mask.ts';
import type { MaskRules } from './mask.ts';
import { currentScope } from './scope.ts';
import type { Scope } from './scope.ts';
import { maskText } from './secrets.ts';
import { traceIdOf } from './traces.ts';

const pinoLevels = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
} as const;
const words: Readonly<Record<string, Level>> = levelOfWord;

/** An instance of some class, such as a request or a socket, would bring half the process along. */
const fieldRules: MaskRules = { maxDepth: 6, maxItems: 100, instances: 'named' };

/** A log of the core; `critical` is for failures that end or endanger the appliance. */
export interface CoreLog extends Log {
  critical(fields: object, message: string): void;
}

/** Where all logs go, and how much of them. */
export interface LogsOptions {
  /** Where the lines go; see `openLogStream`. */
  readonly destination: DestinationStream;
  /** Level of every logger that has none of its own; default `INFO`. */
  readonly level?: Level;
}

/**
 * The appliance's logs: one JSON object per line with `timestamp`, `level`, `logger`, `correlation_id`, `message` and
 * the record's own fields, those under a name of the line itself with `_` behind it; plugin, generation, caller and
 * trace come from the scope. Secrets are masked.
 */
export class Logs {
  readonly #root: PinoLogger;
  readonly #levels: LevelTree;
  readonly #loggers = new Map<string, { readonly pino: PinoLogger; readonly log: CoreLog }>();

  constructor(options: LogsOptions) {
    this.#levels = new LevelTree(options.level ?? 'INFO');
    this.#root = pino(
      {
        base: null,
        messageKey: 'message',
        level: 'trace',
        timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
        formatters: {
          level: (label) => ({ level: words[label] ?? label.toUpperCase() }),
          log: (fields) => maskObject(withoutReserved(withErrorField(fields)), fieldRules),
        },
        errorKey: 'error',
        // Errors are plain objects by then.
        serializers: { err: (value: unknown) => value },
        mixin: () => scopeFields(currentScope()),
      },
      options.destination,
    );
  }

  /** The logger of that dotted name, such as `core.http` or `plugin.crm`; the same one for the same name. */
  logger(name: string): CoreLog {
    return this.#entry(name).log;
  }

  /** The same logger in the form that Fastify takes. */
  fastify(name: string): FastifyBaseLogger {
    return this.#entry(name).pino;
  }

  /** The level in effect for a name. */
  level(name: string): Level {
    return this.#levels.of(name);
  }

  /** What was set, by name; the root under the empty name. */
  levels(): ReadonlyMap<string, Level> {
    return this.#levels.list();
  }

  /** Changes the level of a logger and those below it at once; undefined lets it inherit again. */
  setLevel(name: string, level: Level | undefined): void {
    if (level === undefined) this.#levels.clear(name);
    else this.#levels.set(name, level);
    for (const [logger, { pino: child }] of this.#loggers) child.level = pinoLevels[this.#levels.of(logger)];
  }

  #entry(name: string): { readonly pino: PinoLogger; readonly log: CoreLog } {
    const known = this.#loggers.get(name);
    if (known !== undefined) return known;
    const child = this.#root.child({ logger: name }, { level: pinoLevels[this.#levels.of(name)] });
    const entry = { pino: child, log: coreLog(child) };
    this.#loggers.set(name, entry);
    return entry;
  }
}

/** Fastify names the field `err`; everywhere else it is `error`. */
function withErrorField(fields: object): object {
  if (!('err' in fields)) return fields;
  const { err, ...others } = fields;
  return { ...others, error: err };
}

/** What the line itself has, and would have twice with a field of that name. */
const reserved = ['level', 'timestamp', 'logger', 'message'];

/** Fields under a reserved name get `_` behind it, as often as it takes to be a name of their own. */
function withoutReserved(fields: object): object {
  if (!reserved.some((name) => Object.hasOwn(fields, name))) return fields;
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => {
    let free = name;
    while (reserved.includes(free) || (free !== name && Object.hasOwn(fields, free))) free += '_';
    return [free, value] as const;
  });
  return Object.fromEntries(entries);
}

function coreLog(child: PinoLogger): CoreLog {
  return {
    debug: (fields, message) => child.debug(fields, maskText(message)),
    info: (fields, message) => child.info(fields, maskText(message)),
    warn: (fields, message) => child.warn(fields, maskText(message)),
    error: (fields, message) => child.error(fields, maskText(message)),
    critical: (fields, message) => child.fatal(fields, maskText(message)),
  };
}

function scopeFields(scope: Scope): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (scope.correlationId !== undefined) fields['correlation_id'] = scope.correlationId;
  if (scope.plugin !== undefined) fields['plugin'] = scope.plugin;
  if (scope.generation !== undefined) fields['generation'] = scope.generation;
  if (scope.caller !== undefined) fields['user_id'] = scope.caller.id;
  const traceId = traceIdOf(scope.traceparent);
  if (traceId !== undefined) fields['trace_id'] = traceId;
  return fields;
}
