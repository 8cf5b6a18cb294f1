import type { Caller } from '@orchestrall/sdk';
import Type from 'typebox';
import Value from 'typebox/value';
import type { Scope } from '../../telemetry/scope.ts';
import type { ClaimedJob } from './claim.ts';

const Role = Type.Union([
  Type.Literal('admin'),
  Type.Literal('operator'),
  Type.Literal('viewer'),
  Type.Literal('system'),
]);

const StoredScope = Type.Object({
  correlation_id: Type.Optional(Type.String()),
  traceparent: Type.Optional(Type.String()),
  remote_address: Type.Optional(Type.String()),
  caller: Type.Optional(
    Type.Object({
      id: Type.String(),
      kind: Type.Union([Type.Literal('user'), Type.Literal('service')]),
      name: Type.String(),
      roles: Type.Array(Role),
      // Absent from jobs of before there were teams.
      teams: Type.Optional(Type.Array(Type.String())),
      leads: Type.Optional(Type.Array(Type.String())),
    }),
  ),
});

/**
 * The scope a run works in: that of whoever enqueued the job, so that its audit entries and events name them. A job
 * without a correlation id, such as one of a schedule, is a root of its own.
 */
export function scopeOfJob({ id, scope }: Pick<ClaimedJob, 'id' | 'scope'>): Scope {
  const stored: Type.Static<typeof StoredScope> = Value.Check(StoredScope, scope) ? scope : {};
  const { caller: who } = stored;
  const caller: Caller | undefined = who && { ...who, teams: who.teams ?? [], leads: who.leads ?? [] };
  return {
    correlationId: stored.correlation_id ?? id,
    traceparent: stored.traceparent,
    remoteAddress: stored.remote_address,
    caller,
  };
}
