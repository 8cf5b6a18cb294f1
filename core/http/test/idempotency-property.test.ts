import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestAppliance } from '../../testing/appliance.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { entriesPath, send, startLedger } from './keyed-requests.ts';
import type { Sent } from './keyed-requests.ts';
import { startLedgerProcess } from './ledger-process.ts';
import type { LedgerProcess } from './ledger-process.ts';

/** Short in every run of the suite; `ORCHESTRALL_PROPERTY_RUNS=1000` looks further. */
const numRuns = Number(process.env['ORCHESTRALL_PROPERTY_RUNS'] ?? 20);
const runMs = 4_000;

let database: TestDatabase;
let steady: TestAppliance;
let mortal: LedgerProcess;
/** Access tokens of the second caller; each replica gives out its own. */
const tokens = new Map<string, string>();
let secret = '';

beforeAll(async () => {
  database = await testDatabase();
  steady = await startLedger(database);
  const made = await steady.request('POST', '/api/v1/system/clients', {
    body: { client_id: 'other', roles: ['operator'] },
  });
  ({ secret } = (await made.json()) as { secret: string });
  mortal = await startLedgerProcess(database, steady);
});
afterAll(async () => {
  await mortal?.[Symbol.asyncDispose]();
  await steady?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function tokenAt(url: string): Promise<string> {
  const known = tokens.get(url);
  if (known !== undefined) return known;
  const answer = await fetch(`${url}/realms/orchestrall/protocol/openid-connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`other:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  tokens.set(url, token);
  return token;
}

interface Attempt {
  readonly replica: 'steady' | 'mortal';
  readonly caller: 'first' | 'second';
  readonly key: number;
  readonly body: number;
  readonly behave: string;
}

const gentle = ['', '', '', 'fail-before-commit', 'fail-after-commit', 'refuse'];
const attempt: fc.Arbitrary<Attempt> = fc
  .record({
    replica: fc.constantFrom('steady' as const, 'mortal' as const),
    caller: fc.constantFrom('first' as const, 'second' as const),
    key: fc.nat(1),
    body: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
    behave: fc.constantFrom(...gentle),
    crash: fc.oneof(
      { weight: 20, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom('crash-before-commit', 'crash-after-commit') },
    ),
  })
  .map(({ crash, ...rest }) => ({
    ...rest,
    behave: crash !== undefined && rest.replica === 'mortal' ? crash : rest.behave,
  }));
/** What is sent at the same moment, one such set after the other. */
const rounds = fc.array(fc.array(attempt, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });

test(
  'whatever is sent, fails or crashes, a key has one effect for its caller, and every answer tells of it',
  async () => {
    await fc.assert(fc.asyncProperty(rounds, check), { numRuns, endOnFailure: true });
  },
  120_000 + numRuns * runMs,
);

async function check(sets: readonly (readonly Attempt[])[]): Promise<void> {
  const run = randomUUID();
  const answers: { readonly made: Attempt; readonly sent: Sent }[] = [];
  const make = async (made: Attempt): Promise<void> => {
    const world = made.replica === 'steady' ? steady : mortal;
    const sent = await send(world, {
      key: `${run} ${made.key}`,
      body: { text: textOf(run, made) },
      behave: made.behave,
      ...(made.caller === 'second' ? { token: await tokenAt(world.url) } : {}),
    });
    answers.push({ made, sent });
  };
  for (const set of sets) {
    const outcomes = await Promise.allSettled(set.map(make));
    if (set.some(({ behave }) => behave.startsWith('crash'))) await revive();
    else for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
  // Last, everybody who asked asks once more: now nothing fails.
  const asked = new Map(sets.flat().map((made) => [`${made.caller} ${made.key}`, made]));
  for (const made of asked.values()) await settle({ ...made, behave: '' }, make, answers);
  await verify(run, [...asked.values()], answers);
}

/** Repeats with either body until one is answered, as a client would after a lost answer. */
async function settle(
  made: Attempt,
  make: (made: Attempt) => Promise<void>,
  answers: readonly { readonly sent: Sent }[],
): Promise<void> {
  for (const body of [0, 1]) {
    await make({ ...made, body });
    if (answers.at(-1)?.sent.status === 201) return;
  }
  expect(answers.at(-1)?.sent.status).toBe(201);
}

/** A killed replica is started anew; one that no crash reached, since its request was a repeat, goes on. */
async function revive(): Promise<void> {
  const alive = await mortal.request('GET', '/health').then(
    () => true,
    () => false,
  );
  if (alive) return;
  expect(await mortal.ended).toBe('SIGKILL');
  await mortal[Symbol.asyncDispose]();
  mortal = await startLedgerProcess(database, steady);
}

function textOf(run: string, { caller, key, body }: Pick<Attempt, 'caller' | 'key' | 'body'>): string {
  return `${run} ${caller} ${key} ${body}`;
}

async function verify(
  run: string,
  asked: readonly Attempt[],
  answers: readonly { readonly made: Attempt; readonly sent: Sent }[],
): Promise<void> {
  const listed = await steady.request('GET', entriesPath);
  const { items } = (await listed.json()) as { items: { id: string; text: string }[] };
  for (const { caller, key } of asked) {
    const prefix = `${run} ${caller} ${key} `;
    const effects = items.filter(({ text }) => text.startsWith(prefix));
    expect(effects).toHaveLength(1);
    const [effect] = effects;
    for (const { made, sent } of answers) {
      if (made.caller !== caller || made.key !== key) continue;
      expect([201, 409, 422, 500]).toContain(sent.status);
      // The answer is that of the one effect, whichever attempt it came to.
      if (sent.status === 201) {
        expect(sent.body).toEqual({ id: effect?.id, text: textOf(run, made) });
        expect(sent.body['text']).toBe(effect?.text);
        expect(sent.headers.get('location')).toBe(`${entriesPath}/${String(effect?.id)}`);
      }
      if (sent.status === 422) expect(answers.some((other) => isRival(made, other.made))).toBe(true);
      if (sent.status === 500) expect(made.behave).toBe('fail-before-commit');
    }
  }
}

function isRival(one: Attempt, other: Attempt): boolean {
  return one.caller === other.caller && one.key === other.key && one.body !== other.body;
}
