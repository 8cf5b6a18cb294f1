import { validationFailed } from '@orchestrall/sdk';
import type { AppError, Fault, Transaction } from '@orchestrall/sdk';
import type { CommonFields, RecordKind } from './kind.ts';
import { referencesOf, withWinner } from './unseen.ts';

/**
 * Refusals of fields that refer to records that are not there, with the records that those were merged into. Who does
 * not see all records of a kind was refused before, and is told of those it sees.
 */
export async function withWinners<
  Fields extends CommonFields,
  Planned extends { readonly fields: Fields; readonly refusal: AppError | undefined },
>(kind: RecordKind<Fields>, tx: Transaction, planned: readonly Planned[]): Promise<readonly Planned[]> {
  const refused = planned.filter(({ refusal }) => faultsOf(refusal).length > 0);
  const ids = refused.flatMap(({ fields }) => referencesOf(kind, fields).map(({ id }) => id));
  if (ids.length === 0) return planned;
  const rows = await tx.query<{ id: string; winner_id: string }>(
    'select id, winner_id from merged_records where id = any($1::uuid[])',
    [ids],
  );
  if (rows.length === 0) return planned;
  const winners = new Map(rows.map((row) => [row.id, row.winner_id]));
  return planned.map((one) => {
    const faults = faultsOf(one.refusal);
    if (faults.length === 0) return one;
    const referred = new Map(referencesOf(kind, one.fields).map(({ path, id }) => [path, id]));
    const told = faults.map((fault) => withWinner(fault, winners.get(referred.get(fault.path) ?? '')));
    return { ...one, refusal: validationFailed(told) };
  });
}

function faultsOf(refusal: AppError | undefined): readonly Fault[] {
  return refusal?.status === 400 ? (refusal.details.faults ?? []) : [];
}
