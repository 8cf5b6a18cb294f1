import type { Caller } from '@orchestrall/sdk';
import { isObject } from '@orchestrall/sdk/resources';

/**
 * What a record is created with, owned by whoever creates it where nothing else is said: a person owns it, and their
 * team if they have one only. Programs own nothing.
 */
export function withDefaultOwner(input: unknown, by: Caller): unknown {
  if (!isObject(input) || by.kind !== 'user') return input;
  const [team, ...others] = by.teams;
  return {
    ...('owner_id' in input ? {} : { owner_id: by.id }),
    ...('team_id' in input || team === undefined || others.length > 0 ? {} : { team_id: team }),
    ...input,
  };
}
