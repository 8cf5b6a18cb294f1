import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../bus/test/fixture.ts';
import { blocksOf, follow } from './document.ts';
import { repository, startProduct, testFolder } from './process.ts';

const program = join(repository, 'plugins/crm/test/salesforce/stand-in/main.ts');

/** The stand-in of Salesforce as a program of its own. */
async function startStandIn(): Promise<{ readonly url: string } & AsyncDisposable> {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  await until(() => lines.length > 0);
  return {
    url: /^ready (http:\S+)$/.exec(lines[0] ?? '')?.[1] ?? '',
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

test('Salesforce is connected as the how-to says, with the YAML that it shows', async () => {
  await using folder = await testFolder();
  await using standIn = await startStandIn();
  const markdown = await readFile(join(repository, 'docs/how-to/connect-salesforce.md'), 'utf8');
  const yaml = blocksOf(markdown).find(({ language }) => language === 'yaml')?.text ?? '';
  const here = yaml
    .replace('https://acme.my.salesforce.com', standIn.url)
    .replace("'acme.my.salesforce.com'", `'${new URL(standIn.url).host}'`)
    // The run that is followed shall be the only one.
    .replace('*/5 * * * *', '0 0 1 1 *');
  const config = await folder.write('client.yaml', here);
  await using appliance = await startProduct(join(folder.path, 'data'), ['--config', config], {
    environment: { SALESFORCE_CLIENT_SECRET: 'the-secret-of-the-app' },
  });
  await follow(markdown, appliance);
  const answer = await appliance.request('GET', '/api/v1/crm/contacts?q=Babbage');
  expect(await answer.json()).toMatchObject({ items: [{ email: 'charles@works.example' }] });
});

test('the example of a client with Salesforce starts', async () => {
  await using folder = await testFolder();
  await using standIn = await startStandIn();
  const example = join(repository, 'docs/examples/salesforce.yaml');
  await using appliance = await startProduct(join(folder.path, 'data'), ['--config', example], {
    environment: {
      SALESFORCE_URL: standIn.url,
      SALESFORCE_CLIENT_ID: 'app',
      SALESFORCE_CLIENT_SECRET: 'the-secret-of-the-app',
    },
  });
  const crm = await appliance.request('GET', '/api/v1/system/plugins/crm');
  expect(await crm.json()).toMatchObject({ state: 'active' });
});
