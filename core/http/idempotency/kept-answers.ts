import type { Answer, Statement } from '@orchestrall/sdk';
import type { AnswerPort } from '../../database/effects.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { currentScope } from '../../telemetry/scope.ts';
import type { KeyedRequest } from '../../telemetry/scope.ts';
import { checkAnswer, storedForm } from './new-answer.ts';
import type { NewAnswer } from './new-answer.ts';

/** An answer that was kept, and the digest of the request it belongs to. */
export interface KeptAnswer extends NewAnswer {
  readonly digest: Buffer;
}

/** The answer kept under an id within the last 24 hours, by the clock of the database. */
export async function findAnswer(database: ScopedDatabase, id: Buffer): Promise<KeptAnswer | undefined> {
  const [kept] = await database.query<KeptAnswer>(
    `select digest, status, headers, body, shortened from core.kept_answers
    where id = $1 and kept_at > clock_timestamp() - interval '24 hours'`,
    [id],
  );
  return kept;
}

/** Forgets all answers of a plugin, for its purge. */
export async function purgeAnswers(database: ScopedDatabase, plugin: string): Promise<void> {
  await database.query('delete from core.kept_answers where plugin = $1', [plugin]);
}

/** Rows removed at a time, so that no sweep holds many locks or fills the log at once. */
const batchRows = 5000;

/** Removes answers older than 24 hours; any replica may run it at any time. Returns how many went. */
export async function sweepAnswers(database: ScopedDatabase): Promise<number> {
  let removed = 0;
  for (;;) {
    const [row] = await database.query<{ count: number }>(sweepExpired, [batchRows]);
    const count = row?.count ?? 0;
    removed += count;
    if (count < batchRows) return removed;
  }
}

const sweepExpired = `
with old as (
  select id from core.kept_answers where kept_at <= clock_timestamp() - interval '24 hours'
  order by kept_at limit $1 for update skip locked
), gone as (
  delete from core.kept_answers where id = any (array (select id from old)) returning 1
)
select count(*) from gone`;

/** One call of `tx.answer` or `tx.forgetAnswers`. */
type Effect = { readonly request: KeyedRequest; readonly answer: NewAnswer } | 'forget';

/**
 * What the database room calls for `tx.answer` and `tx.forgetAnswers`. Only transactions of the plugin whose route was
 * called answer the request: what that plugin makes others do has answers of its own.
 */
export const answerPort: AnswerPort = {
  open({ owner }) {
    const effects: Effect[] = [];
    return {
      add(answer: Answer | undefined) {
        if (answer === undefined) {
          effects.push('forget');
          return;
        }
        checkAnswer(answer);
        const { keyedRequest: request } = currentScope();
        if (request === undefined || !request.open || request.owner !== owner || answer.status >= 400) return;
        effects.push({ request, answer: storedForm(answer) });
      },
      get size() {
        return effects.length;
      },
      truncate(size) {
        effects.length = size;
      },
      statements() {
        const statements: Statement[] = [];
        if (effects.includes('forget')) statements.push({ sql: forgetBodies, parameters: [owner] });
        const last = effects.findLast((effect) => effect !== 'forget');
        if (last !== undefined) statements.push(keepStatement(owner, last.request, last.answer));
        return statements;
      },
      committed() {
        for (const effect of effects) if (effect !== 'forget') effect.request.kept = true;
      },
    };
  },
};

/** In one order, so that two at once do not wait for each other's rows. */
const forgetBodies = `
with kept as (
  select id from core.kept_answers where plugin = $1 and body is not null order by id for update
)
update core.kept_answers set body = null, shortened = true where id in (select id from kept)`;

function keepStatement(owner: string, request: KeyedRequest, answer: NewAnswer): Statement {
  const { id, digest, attempt } = request;
  const { status, headers, body, shortened } = answer;
  return {
    sql: 'select core.keep_answer($1, $2, $3, $4, $5, $6::jsonb, $7, $8)',
    parameters: [id, owner, digest, attempt, status, JSON.stringify(headers), body, shortened],
  };
}
