import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../bus/test/fixture.ts';
import { blocksOf, follow } from './document.ts';
import { repository, startProduct, testFolder } from './process.ts';

/** Runs the receiver as it is printed, on a free port, which is what it says first. */
async function startPrintedReceiver(
  folder: string,
): Promise<{ readonly port: string; readonly lines: string[] } & AsyncDisposable> {
  const child = spawn(process.execPath, ['receiver.mjs'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  await until(() => lines.length > 0);
  return {
    port: /^ready (\d+)$/.exec(lines[0] ?? '')?.[1] ?? '',
    lines,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('webhooks are received as the how-to says, with the YAML and the receiver that it shows', async () => {
  await using folder = await testFolder();
  const markdown = await readFile(join(repository, 'docs/how-to/receive-webhooks.md'), 'utf8');
  const printed = (language: string): string =>
    blocksOf(markdown).find((block) => block.language === language)?.text ?? '';
  // Port 9000 may be another's on this machine.
  const receiverCode = printed('js')
    .replace('server.listen(9000', 'server.listen(0')
    .replace("console.log('ready')", "console.log('ready', server.address().port)");
  await folder.write('receiver.mjs', receiverCode);
  await using receiver = await startPrintedReceiver(folder.path);
  const here = (text: string): string => text.replaceAll('127.0.0.1:9000', `127.0.0.1:${receiver.port}`);
  const config = await folder.write('client.yaml', here(printed('yaml')));
  await using appliance = await startProduct(join(folder.path, 'data'), ['--config', config]);
  const elsewhere = here(markdown).replaceAll('> webhook-secret', `> ${join(folder.path, 'webhook-secret')}`);
  await follow(elsewhere, appliance);
  const heard = receiver.lines.filter((line) => line.startsWith('user.created'));
  expect(heard).toEqual([expect.stringContaining('"name":"anna"')]);
});
