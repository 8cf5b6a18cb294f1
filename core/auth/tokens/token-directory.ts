import type { Caller, Directory, DirectoryTeam, DirectoryUser } from '@orchestrall/sdk';
import { LRUCache } from 'lru-cache';

/** People that are remembered; the one who called longest ago is forgotten first. */
const maxPeople = 10_000;

/** What is known of an outside identity provider's users and groups: those that signed in since the start. */
export interface TokenDirectory {
  readonly directory: Directory;
  /** Remembers whom a token was issued to; service accounts are no users. */
  readonly note: (caller: Caller) => void;
}

/**
 * Creates a directory that fills itself from tokens. An id that was not seen counts as existing and is shown as it is,
 * since nobody here can tell; groups are their own names.
 */
export function createTokenDirectory(): TokenDirectory {
  const people = new LRUCache<string, Caller>({ max: maxPeople });
  const user = (id: string): DirectoryUser => ({
    id,
    name: people.peek(id)?.name ?? id,
    exists: true,
    enabled: true,
  });
  return {
    note(caller) {
      if (caller.kind === 'user') people.set(caller.id, caller);
    },
    directory: {
      users: async (ids) => Array.from(new Set(ids), user),
      teams: async (ids) => Array.from(new Set(ids), toTeam),
      async findUser(nameOrId) {
        if (people.has(nameOrId)) return user(nameOrId);
        const name = nameOrId.toLowerCase();
        const found = people.values().find((caller) => caller.name.toLowerCase() === name);
        return found === undefined ? undefined : user(found.id);
      },
      teamsOf: async (userId) => (people.peek(userId)?.teams ?? []).toSorted().map(toTeam),
    },
  };
}

function toTeam(id: string): DirectoryTeam {
  return { id, name: id, exists: true, lead: null };
}
