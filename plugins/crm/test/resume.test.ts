import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ import_batch_rows: 50 });
});
afterAll(() => crm[Symbol.asyncDispose]());

test('an import that is cut again and again goes on where it was: no row doubled, none lost', async () => {
  const lines = Array.from({ length: 5_000 }, (_, index) =>
    index % 100 === 50 ? 'bad,not-a-mail' : `"Row\r\n${index}",row${index}@resume.example`,
  );
  const file = `first_name,email\r\n${lines.join('\r\n')}\r\n`;
  const { body: started } = await crm.send('POST', '/imports?object=contacts', { body: file });
  for (let cut = 1; cut <= 6; cut += 1) {
    await eventually(async () => {
      const { body } = await crm.send('GET', `/imports/${started.id}`);
      return body.rows_total >= cut * 300 || body.finished_at !== null ? true : undefined;
    });
    await crm.reload();
  }
  const ended = await crm.importEnded(started.id);
  expect(ended).toMatchObject({
    status: 'completed',
    rows_total: 5_000,
    rows_created: 4_950,
    rows_updated: 0,
    rows_failed: 50,
  });
  const [kept] = await crm.database.query(
    `select count(*) as contacts, max(version) as version from contacts where email like '%@resume.example'`,
  );
  expect(kept).toEqual({ contacts: 4_950, version: 1 });
  const errors = await crm.database.query<{ line: number }>('select line from import_errors order by line');
  // Every row but the faulty ones takes two lines.
  const expected = lines.flatMap((line, index) =>
    line.startsWith('bad') ? [2 + index * 2 - Math.floor((index + 49) / 100)] : [],
  );
  expect(errors.map(({ line }) => line)).toEqual(expected);
});
