import type { Transaction } from '@orchestrall/sdk';
import type { Queryable } from '@orchestrall/sdk/resources';
import type { Person } from '../person.ts';
import type { ErasedPlace, Erasure, NotReached } from './schemas.ts';

/** An erasure as it is kept. */
export interface StoredErasure extends Omit<Erasure, 'created_at' | 'finished_at'> {
  /** Steps that are done. */
  readonly done: number;
  /** What the person is looked for by; null before the first step and after the last. */
  readonly person: Person | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

const selected = `id, contact_ids, cause, status, done, person, places, not_reached, waits_for, requested_by,
  created_at, finished_at`;

/** Keeps an erasure that waits for its job. */
export async function insertErasure(
  tx: Transaction,
  given: Pick<StoredErasure, 'id' | 'contact_ids' | 'cause' | 'requested_by'>,
): Promise<StoredErasure> {
  const [row] = await tx.query<StoredErasure>(
    `insert into erasures (id, contact_ids, cause, status, requested_by) values ($1, $2, $3, 'queued', $4)
     returning ${selected}`,
    [given.id, given.contact_ids, given.cause, given.requested_by],
  );
  if (row === undefined) throw new TypeError('an inserted erasure was not returned');
  return row;
}

/** The erasure, or undefined; `lock` holds it until the transaction ends. */
export async function findErasure(
  database: Queryable,
  id: string,
  lock: 'for update' | '' = '',
): Promise<StoredErasure | undefined> {
  return (
    await database.query<StoredErasure>(`select ${selected} from erasures where id = $1 ${lock}`, [id])
  )[0];
}

/** What a transaction of an erasure changes in it. */
export interface ErasureChange {
  readonly status?: Erasure['status'];
  readonly done?: number;
  readonly person?: Person | null;
  readonly waitsFor?: string | null;
  /** Added to what there is. */
  readonly erased?: readonly ErasedPlace[];
  readonly notReached?: readonly NotReached[];
}

/** Writes how far a locked erasure is. */
export async function saveErasure(
  tx: Transaction,
  stored: StoredErasure,
  change: ErasureChange,
): Promise<void> {
  const { status = stored.status, done = stored.done, erased = [], notReached = [] } = change;
  const person = change.person === undefined ? stored.person : change.person;
  const waitsFor = change.waitsFor === undefined ? stored.waits_for : change.waitsFor;
  await tx.query(
    `update erasures set status = $2, done = $3, person = $4, waits_for = $5, places = $6, not_reached = $7,
       finished_at = case when $2 in ('completed', 'failed') then clock_timestamp() end where id = $1`,
    [
      stored.id,
      status,
      done,
      person === null ? null : JSON.stringify(person),
      waitsFor,
      JSON.stringify(added(stored.places, erased)),
      JSON.stringify([...stored.not_reached, ...notReached]),
    ],
  );
}

/** An erasure as it is answered. */
export function toView({ done: _done, person: _person, ...stored }: StoredErasure): Erasure {
  return {
    ...stored,
    created_at: stored.created_at.toISOString(),
    finished_at: stored.finished_at?.toISOString() ?? null,
  };
}

function added(before: readonly ErasedPlace[], erased: readonly ErasedPlace[]): ErasedPlace[] {
  const places = new Map(before.map((place) => [place.place, place]));
  for (const { place, removed, replaced } of erased) {
    if (removed === 0 && replaced === 0) continue;
    const known = places.get(place) ?? { place, removed: 0, replaced: 0 };
    places.set(place, { place, removed: known.removed + removed, replaced: known.replaced + replaced });
  }
  return [...places.values()];
}
