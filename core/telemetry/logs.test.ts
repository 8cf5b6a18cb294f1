import { AppError, Secret } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { Logs } from './logs.ts';
import { withScope } from './scope.ts';

function collect(): { logs: Logs; lines: Record<string, unknown>[]; text: () => string } {
  const raw: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    raw.push(line);
    lines.push(JSON.parse(line));
  };
  return { logs: new Logs({ destination: { write } }), lines, text: () => raw.join('') };
}

test('a line has timestamp, level, logger, correlation_id and message, and the scope around it', () => {
  const { logs, lines } = collect();
  const caller = { id: 'u1', kind: 'user', name: 'ada', roles: [], teams: [], leads: [] } as const;
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  withScope({ plugin: 'crm', generation: 3, correlationId: 'r1', caller, traceparent }, () => {
    logs.logger('plugin.crm').warn({ duration_ms: 45.2 }, 'Slow');
  });
  expect(lines).toEqual([
    {
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'WARNING',
      logger: 'plugin.crm',
      correlation_id: 'r1',
      plugin: 'crm',
      generation: 3,
      user_id: 'u1',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      duration_ms: 45.2,
      message: 'Slow',
    },
  ]);
});

test('a field under a name of the line itself stands beside it, and no name stands twice', () => {
  const { logs, lines, text } = collect();
  const fields = {
    level: 'low',
    timestamp: 'then',
    logger: 'mine',
    message: 'theirs',
    message_: 'both',
    file: 'f',
  };
  logs.logger('core').info(fields, 'ours');
  logs.fastify('core').info({ message: 'theirs', err: new Error('broken') });
  expect(lines[0]).toMatchObject({
    level: 'INFO',
    timestamp: expect.stringMatching(/Z$/),
    logger: 'core',
    message: 'ours',
    level_: 'low',
    timestamp_: 'then',
    logger_: 'mine',
    message_: 'both',
    message__: 'theirs',
    file: 'f',
  });
  expect(text().match(/"(?:level|timestamp|logger)":/g)).toHaveLength(6);
  expect(text().match(/"message":"ours"/g)).toHaveLength(1);
  expect(text()).not.toContain('"message":"theirs"');
});

test('no secret reaches a line, whatever holds it', () => {
  const { logs, text } = collect();
  const log = logs.logger('core');
  const hidden = 's3cr3t-value';
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJl';
  const cause = new Error(`connect to postgres://app:${hidden}@db/x failed`);
  log.info({ password: hidden, nested: { apiKey: hidden, list: [{ 'client-secret': hidden }] } }, 'x');
  log.info(
    { secret: new Secret(hidden), any: new Secret(hidden), headers: { authorization: `Bearer ${hidden}` } },
    'x',
  );
  log.info({ header: `Bearer ${token}`, url: `https://u:${hidden}@host/` }, `token ${token}`);
  log.error(
    {
      error: new AppError({
        code: 'X',
        status: 500,
        message: 'm',
        remedy: 'r',
        details: { token: hidden },
        cause,
      }),
    },
    'x',
  );
  log.info({ map: new Map([['refresh_token', hidden]]), cookie: [hidden], tokens_used: 12 }, 'x');
  expect(text()).not.toContain(hidden);
  expect(text()).not.toContain(token);
  expect(text()).toContain('"tokens_used":12');
});

test('an error keeps its code, stack and cause; a class instance shows only its name', () => {
  const { logs, lines } = collect();
  class Socket {
    readonly peer = 'x';
  }
  logs
    .logger('core')
    .error({ error: new Error('outer', { cause: new TypeError('inner') }), socket: new Socket() }, 'x');
  expect(lines[0]?.['error']).toMatchObject({
    message: 'outer',
    cause: { type: 'TypeError', message: 'inner' },
  });
  expect(lines[0]?.['socket']).toBe('[Socket]');
});

test('an error of several keeps each of them', () => {
  const { logs, lines } = collect();
  const error = new AggregateError([new Error('no IPv6'), new Error('refused')]);
  logs.logger('core').error({ error }, 'x');
  expect(lines[0]?.['error']).toMatchObject({ errors: [{ message: 'no IPv6' }, { message: 'refused' }] });
});

test('a field that throws when it is read does not fail who writes the line', () => {
  const { logs, lines } = collect();
  const fields = {
    broken: {
      get value(): string {
        throw new Error('not open');
      },
    },
    unwritable: {
      toJSON(): never {
        throw new TypeError('no form');
      },
    },
    unspeakable: {
      toJSON(): never {
        throw Object.defineProperty(new Error('none'), 'message', {
          get: () => {
            throw new Error('again');
          },
        });
      },
    },
  };
  logs.logger('core').info(fields, 'x');
  expect(lines[0]).toMatchObject({
    broken: '[unreadable: not open]',
    unwritable: '[unreadable: no form]',
    unspeakable: '[unreadable: a value of type object without a message]',
    message: 'x',
  });
});

test('an error has the field `error`, also where Fastify writes the line', () => {
  const { logs, lines } = collect();
  const error = new TypeError('broken');
  logs.logger('core').error({ error }, 'x');
  logs.fastify('core.http').error({ err: error }, 'x');
  logs.fastify('core.http').error(error);
  for (const line of lines) {
    expect(line).toMatchObject({ error: { type: 'TypeError', message: 'broken' } });
    expect(line).not.toHaveProperty('err');
  }
  expect(lines).toHaveLength(3);
});

test('setLevel() takes effect at once for a logger and those below it, and is inherited by later ones', () => {
  const { logs, lines } = collect();
  const store = logs.logger('plugin.crm.store');
  const other = logs.logger('plugin.crmx');
  store.debug({}, 'no');
  logs.setLevel('plugin.crm', 'DEBUG');
  store.debug({}, 'yes');
  logs.logger('plugin.crm.http').debug({}, 'yes');
  other.debug({}, 'no');
  logs.setLevel('plugin.crm', 'CRITICAL');
  store.error({}, 'no');
  logs.logger('plugin.crm').critical({}, 'yes');
  logs.setLevel('plugin.crm', undefined);
  store.info({}, 'yes');
  expect(lines.map((line) => line['message'])).toEqual(['yes', 'yes', 'yes', 'yes']);
  expect(lines[2]?.['level']).toBe('CRITICAL');
});

test('deep, circular and endless fields end', () => {
  const { logs, lines } = collect();
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const wide = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index]));
  logs.logger('core').info({ circular, wide, big: 10n, when: new Date(Number.NaN) }, 'x');
  expect(JSON.stringify(lines[0])).toContain('more fields left out');
});
