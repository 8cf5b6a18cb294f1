import { isAppError } from '@orchestrall/sdk';
import Type from 'typebox';
import type { DeletionPage } from '../../provider.ts';
import { readInstant } from './query.ts';
import { soqlName } from './soql.ts';
import type { Transport } from './transport.ts';

const DeletedAnswer = Type.Object({
  deletedRecords: Type.Array(Type.Object({ id: Type.String(), deletedDate: Type.String() })),
  earliestDateAvailable: Type.String(),
  latestDateCovered: Type.String(),
});

/** The log is kept for fifteen days; a day less leaves room for clocks. */
const logHoldsMs = 14 * 86_400_000;
const minuteMs = 60_000;

/**
 * Records deleted since an instant, as the delete log of the object tells them
 * (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm): seconds of both
 * ends are ignored, the interval has to be longer than a minute, and what had not ended when it was asked for is told
 * the next time, from `latestDateCovered` on. `incomplete` when the log does not reach back that far.
 */
export async function deletedSince(
  transport: Transport,
  object: string,
  since: string,
  until: string,
): Promise<DeletionPage> {
  const untilMs = Math.ceil(Date.parse(until) / minuteMs) * minuteMs;
  const sinceMs = Math.min(Math.floor(Date.parse(since) / minuteMs) * minuteMs, untilMs - 2 * minuteMs);
  const lost: DeletionPage = { deletions: [], coveredUntil: until, incomplete: true };
  if (untilMs - sinceMs > logHoldsMs) return lost;
  const path = `/sobjects/${soqlName(object)}/deleted`;
  const query = { start: new Date(sinceMs).toISOString(), end: new Date(untilMs).toISOString() };
  try {
    const answer = await transport.json({ method: 'GET', path, query }, DeletedAnswer);
    const latest = readInstant(answer.latestDateCovered) ?? since;
    const coveredUntil = Date.parse(latest) < Date.parse(until) ? latest : until;
    const deletions = answer.deletedRecords.map(({ id, deletedDate }) => ({
      id,
      deletedAt: readInstant(deletedDate) ?? until,
    }));
    const earliest = readInstant(answer.earliestDateAvailable) ?? until;
    return { deletions, coveredUntil, incomplete: Date.parse(earliest) > Date.parse(since) };
  } catch (error) {
    const code = isAppError(error) ? error.details['error_code'] : undefined;
    if (code === 'INVALID_REPLICATION_DATE' || code === 'EXCEEDED_ID_LIMIT') return lost;
    throw error;
  }
}
