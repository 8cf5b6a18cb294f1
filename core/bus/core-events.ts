import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';

const text = Type.String();
const pluginName = Type.String({ minLength: 1 });
const state = Type.Object({ plugin: pluginName, version: text, generation: Type.Integer({ minimum: 0 }) });

/** The core has started and serves. */
export const coreInitialized = defineEvent(
  'core.initialized',
  Type.Object({ version: text, started_in_ms: Type.Number({ minimum: 0 }), plugins: Type.Array(pluginName) }),
);

/** A component's health changed. */
export const serviceHealthChanged = defineEvent(
  'service.health_changed',
  Type.Object({
    service: text,
    status: Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')]),
    previous: Type.Union([text, Type.Null()]),
    reason: Type.Union([text, Type.Null()]),
  }),
);

/** An edit of the client's YAML was refused; the last good one stays in force. */
export const configRejected = defineEvent(
  'config.rejected',
  Type.Object({
    file: text,
    faults: Type.Array(Type.Object({ path: text, message: text }, { additionalProperties: true })),
  }),
);

/** A new version of the configuration is in force. */
export const configApplied = defineEvent(
  'config.applied',
  Type.Object({ version: Type.Integer({ minimum: 1 }), hash: text, changed: Type.Array(text) }),
);

/** A generation became active. */
export const pluginActivated = defineEvent('plugin.activated', state);

/** A plugin was switched off. */
export const pluginDeactivated = defineEvent('plugin.deactivated', state);

/** A plugin failed; the core retries it. */
export const pluginFailed = defineEvent(
  'plugin.failed',
  Type.Object({ plugin: pluginName, version: text, reason: text }),
);

/** A generation has ended, drained or cut. */
export const pluginStopped = defineEvent(
  'plugin.stopped',
  Type.Object({
    plugin: pluginName,
    version: text,
    generation: Type.Integer({ minimum: 0 }),
    leaked: Type.Array(text),
  }),
);

/** A subscription gave up on an event. */
export const eventDeadLettered = defineEvent(
  'event.dead_lettered',
  Type.Object({ plugin: pluginName, subscription: text, event_id: text, event_type: text, reason: text }),
);

/** Every event that the core emits. */
export const coreEvents = [
  coreInitialized,
  serviceHealthChanged,
  configRejected,
  configApplied,
  pluginActivated,
  pluginDeactivated,
  pluginFailed,
  pluginStopped,
  eventDeadLettered,
] as const;
