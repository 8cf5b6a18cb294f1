import type { Transaction } from '@orchestrall/sdk';
import { webhookPaused } from '../events.ts';

/** Why a webhook is paused: an administrator asked for it, nothing gets through, or its receiver is gone for good. */
export type PauseReason = 'requested' | 'failing' | 'gone';

/**
 * Pauses an active webhook: its job finds out and ends, what waits stays. Emits `webhook.paused` and writes an audit
 * entry. Resolves with whether it was active.
 */
export async function pauseWebhook(tx: Transaction, id: string, reason: PauseReason): Promise<boolean> {
  const [row] = await tx.query<{ url: string; failures: number }>(
    `update core.webhooks set status = 'paused', pause_reason = $2, paused_at = clock_timestamp(),
       updated_at = clock_timestamp(), job_id = null, job_begins_at = null
     where id = $1 and status = 'active' returning url, failures`,
    [id, reason],
  );
  if (row === undefined) return false;
  const { host } = new URL(row.url);
  const { failures } = row;
  tx.emit(webhookPaused, { webhook_id: id, host, reason, failures }, { subject: id, visibleTo: ['admin'] });
  tx.audit({
    action: webhookPaused.type,
    subjectType: 'webhook',
    subjectId: id,
    after: { host, reason, failures },
  });
  return true;
}
