import type { Kinds } from '../../kinds.ts';
import { withCustomTexts } from './record-texts.ts';
import type { Place } from './place.ts';
import { places } from './places.ts';

/** Every place, those of records with the fields that administrators have added. */
export function allPlaces(kinds: Kinds): Place[] {
  const byTable = new Map(Object.values(kinds).map((kind) => [String(kind.table), kind]));
  return places.map((place) => {
    const kind = byTable.get(place.table);
    return kind === undefined ? place : withCustomTexts(place, kind);
  });
}
