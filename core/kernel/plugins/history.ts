import type { History } from '@orchestrall/sdk';
import { findEntries } from '../../audit/find-entries.ts';
import { sourceOf } from '../../bus/emitter.ts';
import { findEvents } from '../../bus/history/find-events.ts';
import type { CoreStatements } from '../../database/transaction.ts';

/** Most subjects of one search. */
const maxSubjects = 10_000;

/** What the rooms of the core keep of one plugin's events and audit entries. */
export function historyOf(database: Pick<CoreStatements, 'query'>, plugin: string): History {
  return {
    async *find({ subjects = [], pattern }) {
      if (subjects.length > maxSubjects)
        throw new TypeError(`at most ${maxSubjects} subjects are looked for at a time`);
      yield* findEvents(database, sourceOf(plugin), { subjects, pattern });
      yield* findEntries(database, plugin, { subjects, pattern });
    },
  };
}
