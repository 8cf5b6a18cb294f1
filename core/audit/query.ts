import { isId, validationFailed } from '@orchestrall/sdk';
import Type from 'typebox';
import type { CoreStatements } from '../database/transaction.ts';

const Side = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]);

/** An entry as it is read; times RFC 3339 UTC with milliseconds. */
export const AuditRecord = Type.Object({
  id: Type.String(),
  at: Type.String({ format: 'date-time' }),
  plugin: Type.String(),
  action: Type.String(),
  subject_type: Type.String(),
  subject_id: Type.String(),
  before: Side,
  after: Side,
  actor: Type.Object({
    kind: Type.Union([Type.Literal('user'), Type.Literal('service'), Type.Literal('system')]),
    id: Type.String(),
    name: Type.String(),
  }),
  remote_address: Type.Union([Type.String(), Type.Null()]),
  correlation_id: Type.Union([Type.String(), Type.Null()]),
  position: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Place in the chain; null while unsealed.',
  }),
  erased_at: Type.Union([Type.String(), Type.Null()], {
    description: 'When `before` and `after` were erased; digests of them are kept for the chain.',
  }),
});
export type AuditRecord = Type.Static<typeof AuditRecord>;

/** Which entries are listed; all that is given must match. */
export interface AuditFilter {
  readonly plugin?: string | undefined;
  readonly action?: string | undefined;
  readonly subjectType?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly actorId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
  /** `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
  /** 1 to 500, default 50. */
  readonly limit?: number | undefined;
}

interface Stored extends Omit<AuditRecord, 'at' | 'actor' | 'erased_at'> {
  readonly at: Date;
  readonly erased_at: Date | null;
  readonly actor_kind: AuditRecord['actor']['kind'];
  readonly actor_id: string;
  readonly actor_name: string;
}

const selected = `id, at, plugin, action, subject_type, subject_id, before, after, actor_kind, actor_id, actor_name,
  remote_address, correlation_id, position, erased_at`;

/** Entries newest first. Throws `VALIDATION_FAILED` for a faulty cursor. */
export async function listAuditEntries(
  sql: Pick<CoreStatements, 'query'>,
  filter: AuditFilter = {},
): Promise<{ readonly items: readonly AuditRecord[]; readonly next_cursor: string | null }> {
  const limit = Math.min(Math.max(filter.limit ?? 50, 1), 500);
  const clauses: string[] = ['true'];
  const values: unknown[] = [];
  const add = (clause: string, value: unknown): void => {
    if (value === undefined) return;
    values.push(value);
    clauses.push(`${clause} $${values.length}`);
  };
  if (filter.cursor !== undefined && !isId(filter.cursor)) {
    throw validationFailed([{ path: '/cursor', message: 'must be the `next_cursor` of the page before' }]);
  }
  add('plugin =', filter.plugin);
  add('action =', filter.action);
  add('subject_type =', filter.subjectType);
  add('subject_id =', filter.subjectId);
  add('actor_id =', filter.actorId);
  add('correlation_id =', filter.correlationId);
  add('at >=', filter.from);
  add('at <', filter.until);
  add('id <', filter.cursor);
  values.push(limit + 1);
  const rows = await sql.query<Stored>(
    `select ${selected} from core.audit_entries where ${clauses.join(' and ')} order by id desc limit $${values.length}`,
    values,
  );
  const items = rows.slice(0, limit).map(record);
  return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

function record({
  actor_kind: kind,
  actor_id: id,
  actor_name: name,
  at,
  erased_at,
  ...rest
}: Stored): AuditRecord {
  const erasedAt = erased_at?.toISOString() ?? null;
  return { ...rest, at: at.toISOString(), erased_at: erasedAt, actor: { kind, id, name } };
}
