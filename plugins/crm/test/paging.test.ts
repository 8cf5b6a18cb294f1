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
