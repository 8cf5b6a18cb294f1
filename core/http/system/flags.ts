import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { Setting } from '../../flags/decide.ts';
import type { ExplainedFlag, FlagRoom } from '../../flags/flags.ts';
import { instant, pageOf } from './schemas.ts';

const By = Type.Union([Type.String(), Type.Null()]);
const Explicit = Type.Union([
  Type.Object({ enabled: Type.Boolean(), changed_at: instant, by: By }),
  Type.Null(),
]);
const Flag = Type.Object({
  name: Type.String(),
  enabled: Type.Boolean(),
  decided_by: Type.String({ description: 'kill_switch, environment, yaml, admin or default.' }),
  sources: Type.Object({
    kill_switch: Type.Union([Type.Object({ changed_at: instant, by: By }), Type.Null()]),
    environment: Type.Union([Type.Object({ enabled: Type.Boolean(), variable: Type.String() }), Type.Null()]),
    yaml: Explicit,
    admin: Explicit,
  }),
});
const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });

/** `/api/v1/system/flags`: what is on, why, and switching it. */
export function flagRoutes(
  app: HttpInstance,
  flags: Pick<FlagRoom, 'list' | 'find' | 'set' | 'withdraw' | 'kill'>,
): void {
  const tags = ['system'];
  const path = '/api/v1/system/flags';
  app.get(
    path,
    {
      config: { access: 'viewer' },
      schema: { operationId: 'listFlags', summary: 'Lists the flags', tags, response: { 200: pageOf(Flag) } },
    },
    async () => ({ items: flags.list().map(flagOf), next_cursor: null }),
  );

  for (const [url, operationId] of [
    [`${path}/:name`, 'getFlag'],
    [`${path}/:name/explain`, 'explainFlag'],
  ] as const) {
    app.get(
      url,
      {
        config: { access: 'viewer' },
        schema: {
          operationId,
          summary: 'Shows a flag with every source and which one decided',
          tags,
          params: Name,
          response: { 200: Flag },
        },
      },
      async (request) => flagOf(flags.find(request.params.name)),
    );
  }

  app.put(
    `${path}/:name`,
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'setFlag',
        summary: 'Switches a flag',
        tags,
        params: Name,
        body: Type.Object({ enabled: Type.Boolean() }),
        response: { 200: Flag },
      },
    },
    async (request) => flagOf(await flags.set(request.params.name, request.body.enabled)),
  );

  app.delete(
    `${path}/:name`,
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'withdrawFlag',
        summary: 'Takes back what this API has set: the YAML or the environment decides again',
        tags,
        params: Name,
        response: { 200: Flag },
      },
    },
    async (request) => flagOf(await flags.withdraw(request.params.name)),
  );

  app.put(
    `${path}/:name/kill-switch`,
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'setFlagKillSwitch',
        summary: 'Pulls or releases the kill switch; while pulled the flag is off whatever else says',
        tags,
        params: Name,
        body: Type.Object({ pulled: Type.Boolean() }),
        response: { 200: Flag },
      },
    },
    async (request) => flagOf(await flags.kill(request.params.name, request.body.pulled)),
  );
}

function flagOf({ name, enabled, decidedBy, sources }: ExplainedFlag): Static<typeof Flag> {
  const { kill, environment, yaml, admin } = sources;
  return {
    name,
    enabled,
    decided_by: decidedBy,
    sources: {
      kill_switch:
        kill === undefined ? null : { changed_at: kill.changedAt.toISOString(), by: kill.by ?? null },
      environment: environment ?? null,
      yaml: settingOf(yaml),
      admin: settingOf(admin),
    },
  };
}

function settingOf(setting: Setting | undefined): Static<typeof Explicit> {
  if (setting === undefined) return null;
  return { enabled: setting.enabled, changed_at: setting.changedAt.toISOString(), by: setting.by ?? null };
}
