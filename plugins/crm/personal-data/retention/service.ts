import type { Database } from '@orchestrall/sdk';
import type { RetentionConfig } from './config.ts';
import { countDue, dueRules } from './due.ts';
import type { DueRecords, RetentionReport } from './schemas.ts';

/** What retention does, before and after it does it. */
export interface Retention {
  /** Tries the rules out and changes nothing. */
  report(): Promise<RetentionReport>;
}

/** Creates the view of the rules. */
export function createRetention(database: Database, config: RetentionConfig): Retention {
  return {
    async report() {
      const rules: DueRecords[] = [];
      for (const rule of await dueRules(database, config)) {
        const due = await countDue(database, rule);
        const { action, before, perNight } = rule;
        rules.push({ rule: rule.rule, action, before: before.toISOString(), due, per_night: perNight });
      }
      const rows = await database.query<{ id: string; counts: Record<string, number>; created_at: Date }>(
        'select id, counts, created_at from retention_runs order by id desc limit 30',
      );
      return { rules, runs: rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() })) };
    },
  };
}
