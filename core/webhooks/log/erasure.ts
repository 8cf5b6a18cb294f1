import type { Statement } from '@orchestrall/sdk';

/**
 * SQL that erases what receivers have answered to a source's events about these subjects, and to single events, since they
 * may have repeated them; run as the core, in the transaction that erases the events themselves.
 */
export function eraseResponsesStatement(
  source: string,
  subjects: readonly string[],
  ids: readonly string[] = [],
): Statement {
  return {
    sql: `update core.webhook_attempts a set response = null
      from core.events e cross join core.webhooks w
      join core.webhook_deliveries d on d.webhook_id = w.id and d.position = e.position
      where e.source = $1 and (e.subject = any ($2::text[]) or e.id = any ($3::uuid[]))
        and a.delivery_id = d.id and a.response is not null`,
    parameters: [source, subjects, ids],
  };
}
