import type { EventDefinition, PluginDefinition } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import { Value } from 'typebox/value';

const JsonSchema = Type.Record(Type.String(), Type.Unknown());

const EventDocument = Type.Object({ type: Type.String(), data: JsonSchema }, { additionalProperties: false });

/**
 * A plugin's manifest as data: what packed files carry and what can be decided without running any code.
 * Defaults of the manifest are filled in, schemas are JSON Schema.
 */
export const ManifestDocument = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    engine: Type.String(),
    features: Type.Array(Type.String()),
    prefixes: Type.Array(Type.String()),
    emits: Type.Array(EventDocument),
    hosts: Type.Array(Type.String()),
    /** Left out where there are none, as in files that were packed before plugins could ask for any. */
    extensions: Type.Optional(Type.Array(Type.String())),
    rollback_floor: Type.Union([Type.String(), Type.Null()]),
    providers: Type.Array(Type.String()),
    config: JsonSchema,
    needs: Type.Array(
      Type.Object(
        {
          /** Key under which `services` gives it. */
          name: Type.String(),
          contract: Type.String(),
          range: Type.String(),
          required: Type.Boolean(),
        },
        { additionalProperties: false },
      ),
    ),
    provides: Type.Union([
      Type.Object(
        { name: Type.String(), version: Type.String(), events: Type.Array(EventDocument) },
        { additionalProperties: false },
      ),
      Type.Null(),
    ]),
  },
  { additionalProperties: false },
);
export type ManifestDocument = Static<typeof ManifestDocument>;

/** The manifest of a validated definition as data. */
export function describePlugin(definition: PluginDefinition): ManifestDocument {
  const needs = Object.entries(definition.needs ?? {});
  const { extensions = [] } = definition;
  return {
    name: definition.name,
    version: definition.version,
    engine: definition.engine,
    // The same word as the plugin's section in the YAML, whose keys are snake_case.
    features: [...(definition.features ?? [definition.name.replaceAll('-', '_')])],
    prefixes: [...(definition.prefixes ?? [])],
    emits: describeEvents(definition.emits ?? []),
    hosts: [...(definition.hosts ?? [])],
    ...(extensions.length === 0 ? {} : { extensions: [...extensions] }),
    rollback_floor: definition.rollbackFloor ?? null,
    providers: [...(definition.providers ?? ['builtin'])],
    config: asData(definition.config ?? { type: 'object', properties: {} }),
    needs: needs.map(([name, need]) => ({
      name,
      contract: need.contract.name,
      range: need.range,
      required: need.required,
    })),
    provides:
      definition.provides === undefined
        ? null
        : {
            name: definition.provides.name,
            version: definition.provides.version,
            events: describeEvents(definition.provides.events),
          },
  };
}

/** Event types a plugin may emit: those of `emits` and those of the contract it provides. */
export function emittedTypes(manifest: ManifestDocument): string[] {
  return [...manifest.emits, ...(manifest.provides?.events ?? [])].map((event) => event.type);
}

function describeEvents(events: readonly EventDefinition[]): ManifestDocument['emits'] {
  return events.map((event) => ({ type: event.type, data: asData(event.data) }));
}

/** What JSON keeps of a schema: TypeBox marks its kinds on properties that JSON leaves out. */
function asData(schema: object): Record<string, unknown> {
  const data: unknown = JSON.parse(JSON.stringify(schema));
  return Value.Parse(JsonSchema, data);
}
