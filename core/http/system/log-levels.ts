import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Logs } from '../../telemetry/logs.ts';
import { pageOf } from './schemas.ts';

const LevelName = Type.Union([
  Type.Literal('DEBUG'),
  Type.Literal('INFO'),
  Type.Literal('WARNING'),
  Type.Literal('ERROR'),
  Type.Literal('CRITICAL'),
]);
const Setting = Type.Object({ logger: Type.String(), level: LevelName });
const Name = Type.Object({
  logger: Type.String({ maxLength: 200, pattern: '^(root|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*)$' }),
});

/** `/api/v1/system/log-levels`: how much each logger writes, from now until the next start. */
export function logLevelRoutes(app: HttpInstance, logs: Pick<Logs, 'levels' | 'level' | 'setLevel'>): void {
  const tags = ['system'];
  const path = '/api/v1/system/log-levels';
  app.get(
    path,
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'listLogLevels',
        summary:
          'Lists the levels that were set; others inherit from their longest dotted prefix, else from root',
        tags,
        response: { 200: pageOf(Setting) },
      },
    },
    async () => ({
      items: [...logs.levels()].map(([logger, level]) => ({
        logger: logger === '' ? 'root' : logger,
        level,
      })),
      next_cursor: null,
    }),
  );

  app.put(
    `${path}/:logger`,
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'setLogLevel',
        summary: 'Sets the level of a logger and of those below it; null lets it inherit again',
        tags,
        params: Name,
        body: Type.Object({ level: Type.Union([LevelName, Type.Null()]) }),
        response: { 200: Setting },
      },
    },
    async (request) => {
      const { logger } = request.params;
      const name = logger === 'root' ? '' : logger;
      logs.setLevel(name, request.body.level ?? undefined);
      request.log.info(
        { changed_logger: logger, changed_level: logs.level(name) },
        'a log level was changed',
      );
      return { logger, level: logs.level(name) };
    },
  );
}
