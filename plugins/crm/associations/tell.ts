import type { EventDefinition, Transaction } from '@orchestrall/sdk';
import type { AssociationLink } from '../contract.ts';
import type { Owned } from '../records/access.ts';
import type { RecordKind } from '../records/kind.ts';
import type { Pair } from './pair.ts';

/** What became of an association, for its event and audit entry. */
export interface ToldAssociation {
  readonly event: EventDefinition<string, typeof AssociationLink>;
  readonly before?: AssociationLink;
  readonly after?: AssociationLink;
}

/** Writes event and audit entry of an association; `visibleTo` of the event is who may see both records. */
export function tellAssociation(
  tx: Transaction,
  { first }: Pair,
  { event, before, after }: ToldAssociation,
  visibleTo: readonly string[] | undefined,
): void {
  const data = after ?? before;
  if (data === undefined) throw new TypeError('an association was told without saying what it is');
  tx.emit(event, data, { subject: first.id, ...(visibleTo === undefined ? {} : { visibleTo }) });
  tx.audit({
    action: event.type,
    subjectType: 'association',
    subjectId: first.id,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
}

/** A record and its kind, by which it is known who may see it. */
export type Seen = readonly [kind: Pick<RecordKind, 'audienceOf'>, record: Owned];

/**
 * Who may see both of two records: whom either names, where the other names them or all of their role. Somebody who may
 * see the one as its owner and the other as a member of its team is left out: of an event no more can be said.
 */
export function audienceOfBoth([one, left]: Seen, [other, right]: Seen): readonly string[] | undefined {
  const [first, second] = [one.audienceOf?.(left), other.audienceOf?.(right)];
  if (first === undefined || second === undefined) return first ?? second;
  return [...new Set([...within(first, second), ...within(second, first)])];
}

/** Those of an audience whom another one names as well, or all of their role. */
function within(audience: readonly string[], other: readonly string[]): string[] {
  return audience.filter((principal) => {
    const [role = principal] = principal.split('@', 1);
    return other.includes(principal) || other.includes(role);
  });
}
