import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { ConfigurationVersion } from '../../config/changes/version.ts';
import { instant, pageOf } from './schemas.ts';

/** The configuration as these routes see it; secrets are masked before they come here. */
export interface ConfigurationSource {
  /** What is in force, with defaults and overrides, in the form of the YAML. */
  effective(): {
    readonly configuration: object;
    readonly hash: string;
    readonly file: string | null;
    /** Paths that were edited and wait for a restart. */
    readonly waiting: readonly string[];
    /** Keys that are known and have no effect, each with the reason. */
    readonly inactive: readonly { readonly path: string; readonly reason: string }[];
    /** Why the last edit was refused, while it is. */
    readonly rejected:
      | { readonly at: Date; readonly faults: readonly { path: string; message: string }[] }
      | undefined;
  };
  /** Newest first, below version `before`. */
  versions(page: {
    readonly before?: number;
    readonly limit: number;
  }): Promise<readonly (ConfigurationVersion & { readonly version: number })[]>;
}

const Fault = Type.Object({ path: Type.String(), message: Type.String() });
const Effective = Type.Object({
  configuration: Type.Object({}, { additionalProperties: true }),
  hash: Type.String(),
  file: Type.Union([Type.String(), Type.Null()]),
  waiting: Type.Array(Type.String(), { description: 'Paths that take effect with the next start.' }),
  inactive: Type.Array(Type.Object({ path: Type.String(), reason: Type.String() }), {
    description: 'Keys without effect, since their capability is not installed.',
  }),
  rejected: Type.Union([Type.Object({ at: instant, faults: Type.Array(Fault) }), Type.Null()]),
});
const Version = Type.Unsafe<ConfigurationVersion & { readonly version: number }>(
  Type.Object(
    {
      version: Type.Integer(),
      applied_at: instant,
      author: Type.Union([Type.String(), Type.Null()]),
      file: Type.Union([Type.String(), Type.Null()]),
      hash: Type.String(),
      differences: Type.Array(Type.Object({}, { additionalProperties: true })),
      waiting: Type.Array(Type.String()),
    },
    { additionalProperties: true },
  ),
);

/** `/api/v1/system/configuration`: what is in force, and what was. */
export function configurationRoutes(app: HttpInstance, source: ConfigurationSource): void {
  const tags = ['system'];
  app.get(
    '/api/v1/system/configuration',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'getConfiguration',
        summary: 'Shows the configuration in force, secrets masked',
        tags,
        response: { 200: Effective },
      },
    },
    async () => {
      const { rejected, configuration, waiting, inactive, hash, file } = source.effective();
      return {
        configuration: { ...configuration },
        hash,
        file,
        waiting: [...waiting],
        inactive: [...inactive],
        rejected:
          rejected === undefined ? null : { at: rejected.at.toISOString(), faults: [...rejected.faults] },
      };
    },
  );

  app.get(
    '/api/v1/system/configuration/versions',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'listConfigurationVersions',
        summary: 'Lists the configurations that were in force, newest first',
        tags,
        querystring: Type.Object({
          limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
          cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,10}$' })),
        }),
        response: { 200: pageOf(Version) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const versions = await source.versions({
        limit: limit + 1,
        ...(cursor === undefined ? {} : { before: Number(cursor) }),
      });
      const items = versions.slice(0, limit);
      return { items, next_cursor: versions.length > limit ? String(items.at(-1)?.version ?? '') : null };
    },
  );
}
