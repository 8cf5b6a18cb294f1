import type { Fault } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import { authError } from '../errors.ts';

const maxNameCharacters = 100;
/** Some characters are several without regard to case; the key of a name is also the cursor of a list. */
const maxKeyCharacters = 300;
const maxDescriptionCharacters = 1_000;

/** A team as the API shows it. */
export const Team = Type.Object({
  id: Type.String({ description: 'UUIDv7.' }),
  name: Type.String({ description: 'Unique, whatever the case.' }),
  description: Type.Union([Type.String(), Type.Null()]),
  lead: Type.Union([Type.Object({ id: Type.String(), name: Type.String() }), Type.Null()], {
    description: 'The member who leads the team.',
  }),
  member_count: Type.Integer(),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
});
export type Team = Static<typeof Team>;

/** A member of a team as the API shows it. */
export const TeamMember = Type.Object({
  id: Type.String({ description: 'Id of the user.' }),
  name: Type.String(),
  disabled: Type.Boolean({ description: 'A disabled user stays a member and cannot sign in.' }),
  lead: Type.Boolean(),
  added_at: Type.String({ format: 'date-time' }),
});
export type TeamMember = Static<typeof TeamMember>;

const name = Type.String({
  minLength: 1,
  maxLength: maxNameCharacters,
  description: 'Unique, whatever the case; no control characters, no space at either end.',
});
const description = Type.Union([Type.String({ maxLength: maxDescriptionCharacters }), Type.Null()]);

/** What makes a new team. */
export const NewTeam = Type.Object(
  { name, description: Type.Optional(description) },
  { additionalProperties: false },
);
export type NewTeam = Static<typeof NewTeam>;

/** What may be changed of a team; what is absent stays, a `description` of null goes. */
export const TeamChange = Type.Object(
  { name: Type.Optional(name), description: Type.Optional(description) },
  { additionalProperties: false },
);
export type TeamChange = Static<typeof TeamChange>;

/** A team's row with what is shown beside it. */
export interface TeamRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly lead_id: string | null;
  readonly lead_name: string | null;
  readonly member_count: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The team as others may see it. */
export function toTeam(row: TeamRow): Team {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    lead: row.lead_id === null ? null : { id: row.lead_id, name: row.lead_name ?? row.lead_id },
    member_count: row.member_count,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/**
 * A name without regard to case and to forms of the same character: compatibility decomposition and case folding of
 * https://www.unicode.org/versions/latest/core-spec/chapter-5/#G21180, by way of upper case, so that `ß` is `SS`.
 */
export function teamNameKey(given: string): string {
  return given.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

/** Checks what is given of a team; throws `TEAM_INVALID` with every fault. */
export function checkTeam(team: TeamChange): void {
  const faults: Fault[] = [];
  if (team.name !== undefined) {
    const message = nameFault(team.name);
    if (message !== undefined) faults.push({ path: '/name', message });
  }
  const text = team.description ?? '';
  if (text.length > maxDescriptionCharacters) {
    faults.push({ path: '/description', message: `has more than ${maxDescriptionCharacters} characters` });
  } else if (text.includes('\0') || !text.isWellFormed()) {
    faults.push({ path: '/description', message: 'holds NUL or half of a surrogate pair' });
  }
  if (faults.length > 0) throw authError('TEAM_INVALID', { faults });
}

function nameFault(given: string): string | undefined {
  if (given.trim() === '') return 'needs a character besides spaces';
  if (given.trim() !== given) return 'must not begin or end with a space';
  if (given.length > maxNameCharacters || teamNameKey(given).length > maxKeyCharacters) {
    return `has more than ${maxNameCharacters} characters`;
  }
  // Invisible ones would make two names look the same.
  if (/\p{C}/u.test(given)) return 'must not hold control or invisible characters';
  return undefined;
}
