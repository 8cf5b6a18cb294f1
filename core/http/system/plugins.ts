import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import { coreError } from '../../errors.ts';
import { instant, pageOf } from './schemas.ts';

/** How a plugin stands. */
export const PluginStatus = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    state: Type.String({
      description: 'Where its life stands: off, preparing, active or failed.',
    }),
    desired: Type.Union([Type.Literal('on'), Type.Literal('off')]),
    generation: Type.Union([Type.Integer(), Type.Null()], {
      description: 'The generation that serves, if any.',
    }),
    feature: Type.Union([Type.String(), Type.Null()], {
      description: 'Its key under `features`; of several the first.',
    }),
    features: Type.Array(Type.String(), { description: 'Every key under `features` that switches it.' }),
    since: instant,
    reason: Type.Union([Type.String(), Type.Null()], { description: 'Why it is in this state.' }),
  },
  { additionalProperties: true },
);
export type PluginStatus = Static<typeof PluginStatus>;

/** What may be asked of a plugin; each is a route of its own. */
export type PluginChange = 'enable' | 'disable' | 'reload' | 'rollback';

/** The plugin host as these routes see it. */
export interface PluginAdministration {
  list(): readonly PluginStatus[];
  get(name: string): PluginStatus | undefined;
  /**
   * Asks for the change; resolves with the plugin as it was when that came into effect. Rejects with `CHANGE_SUPERSEDED`
   * when another change took its place before, and with an AppError when it cannot be.
   */
  change(name: string, change: PluginChange): Promise<PluginStatus>;
  /** Deletes everything that a plugin which is off has stored; rejects with `PLUGIN_NOT_OFF` otherwise. */
  purge(name: string): Promise<void>;
}

const changes: readonly PluginChange[] = ['enable', 'disable', 'reload', 'rollback'];
const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });

/** `/api/v1/system/plugins`: what runs, and switching it. */
export function pluginRoutes(app: HttpInstance, plugins: PluginAdministration): void {
  app.get(
    '/api/v1/system/plugins',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listPlugins',
        summary: 'Lists the plugins',
        tags: ['system'],
        response: { 200: pageOf(PluginStatus) },
      },
    },
    async () => ({ items: plugins.list(), next_cursor: null }),
  );

  app.get(
    '/api/v1/system/plugins/:name',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getPlugin',
        summary: 'Shows a plugin',
        tags: ['system'],
        params: Name,
        response: { 200: PluginStatus },
      },
    },
    async (request) => existing(plugins, request.params.name),
  );

  for (const change of changes) {
    app.post(
      `/api/v1/system/plugins/:name/${change}`,
      {
        config: { access: 'admin', timeoutMs: 180_000 },
        schema: {
          operationId: `${change}Plugin`,
          summary: `Asks to ${change} a plugin; answers once that is in effect, or at once with wait=false`,
          tags: ['system'],
          params: Name,
          querystring: Type.Object({ wait: Type.Boolean({ default: true }) }),
          response: { 200: PluginStatus, 202: PluginStatus },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        existing(plugins, name);
        const done = plugins.change(name, change);
        if (request.query.wait) return done;
        done.catch((error: unknown) => request.log.warn({ error, plugin: name, change }, 'a change failed'));
        return reply.code(202).send(existing(plugins, name));
      },
    );
  }

  app.post(
    '/api/v1/system/plugins/:name/purge',
    {
      config: { access: 'admin', timeoutMs: 180_000 },
      schema: {
        operationId: 'purgePlugin',
        summary: 'Deletes everything that a plugin which is off has stored, for good',
        description: 'The body repeats the name. The history of events and the audit entries stay.',
        tags: ['system'],
        params: Name,
        body: Type.Object({ confirm: Type.String({ description: 'The name of the plugin.' }) }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      existing(plugins, name);
      if (request.body.confirm !== name) throw coreError('PURGE_NOT_CONFIRMED', { plugin: name });
      await plugins.purge(name);
      return reply.code(204).send(null);
    },
  );
}

function existing(plugins: PluginAdministration, name: string): PluginStatus {
  const plugin = plugins.get(name);
  if (plugin === undefined) throw coreError('PLUGIN_NOT_FOUND', { plugin: name });
  return plugin;
}
