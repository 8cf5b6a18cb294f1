import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm();
});
afterAll(() => crm[Symbol.asyncDispose]());

const write = fc.constantFrom('create', 'change', 'delete');

test('a walk over pages meets every contact that was there all along exactly once, whatever is written meanwhile', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(write, { maxLength: 8 }),
      async (count, limit, writes) => {
        run += 1;
        const tag = `run ${run}`;
        const create = async () => (await crm.create('contacts', { first_name: 'x', tags: [tag] })).id;
        const kept: string[] = [];
        for (let index = 0; index < count; index += 1) kept.push(await create());
        const doomed = await create();
        const queue = [...writes];
        const met: string[] = [];
        let cursor: string | undefined;
        do {
          const query = new URLSearchParams({ tag, limit: String(limit), ...(cursor && { cursor }) });
          const { body: page } = await crm.send('GET', `/contacts?${query.toString()}`);
          met.push(...page.items.map(({ id }: { id: string }) => id));
          cursor = page.next_cursor ?? undefined;
          const next = queue.shift();
          if (next === 'create') await create();
          if (next === 'change' && kept[0] !== undefined)
            await crm.send('PATCH', `/contacts/${kept[0]}`, {
              body: { last_name: tag + String(queue.length) },
            });
          if (next === 'delete') await crm.send('DELETE', `/contacts/${doomed}`);
        } while (cursor !== undefined);
        expect(new Set(met).size).toBe(met.length);
        expect(met.filter((id) => kept.includes(id))).toEqual(kept);
      },
    ),
    { numRuns: 40 },
  );
});

test('contacts that were created at one instant are met exactly once, page by page', async () => {
  const rows = Array.from({ length: 60 }, (_, index) => `tie${index}@paging.example,tie`);
  const { body } = await crm.send('POST', '/imports?object=contacts', {
    body: `email,tags\n${rows.join('\n')}\n`,
  });
  await crm.importEnded(body.id);
  const met: { id: string; created_at: string }[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const next: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body: page } = await crm.send('GET', `/contacts?tag=tie&limit=7${next}`);
    met.push(...page.items);
    cursor = page.next_cursor;
  }
  expect(new Set(met.map(({ created_at }) => created_at)).size).toBe(1);
  expect(new Set(met.map(({ id }) => id)).size).toBe(60);
  expect(met).toHaveLength(60);
});
