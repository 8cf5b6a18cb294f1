import { join } from 'node:path';
import { expect, test } from 'vitest';
import { certificate, privateKey } from '../../config/test/certificate.ts';
import { isSigned, startReceiver, takes } from '../../webhooks/test/receiver.ts';
import { startProduct, testFolder, unlimitedClient } from './process.ts';
import type { RunningAppliance } from './process.ts';

/** Makes a webhook and sends a test; gives what came of it, and the secret. */
async function tested(
  appliance: RunningAppliance,
  url: string,
): Promise<{ readonly secret: string; readonly error: unknown }> {
  const given = { url, patterns: ['user.*'] };
  const made = await appliance.request('POST', '/api/v1/system/webhooks', given);
  const { webhook, secret } = (await made.json()) as { webhook: { id: string }; secret: string };
  const sent = await appliance.request('POST', `/api/v1/system/webhooks/${webhook.id}/test`);
  const { last_attempt } = (await sent.json()) as { last_attempt: { error: unknown } };
  return { secret, error: last_attempt.error };
}

test('by HTTPS a webhook goes to a receiver whose certificate is trusted and names it, and to no other', async () => {
  await using folder = await testFolder();
  await using receiver = await startReceiver(takes, {
    address: '0.0.0.0',
    tls: { cert: certificate, key: privateKey },
  });
  const client = `${unlimitedClient}webhooks:
  allowed_hosts: ["localhost:${receiver.port}", "127.0.0.2:${receiver.port}"]
  allowed_networks: ["127.0.0.0/8", "::1/128"]
`;
  const parameters = ['--config', await folder.write('client.yaml', client)];
  const data = join(folder.path, 'data');
  const environment = { NODE_EXTRA_CA_CERTS: await folder.write('authority.pem', certificate) };
  {
    await using trusting = await startProduct(data, parameters, { environment });
    const { secret, error } = await tested(trusting, `https://localhost:${receiver.port}/`);
    expect(error).toBeNull();
    expect(receiver.received).toHaveLength(1);
    for (const message of receiver.received) expect(isSigned(message, secret)).toBe(true);
    expect((await tested(trusting, `https://127.0.0.2:${receiver.port}/`)).error).toMatch(/altnames/);
  }
  await using doubting = await startProduct(data, parameters);
  expect((await tested(doubting, `https://localhost:${receiver.port}/`)).error).toMatch(
    /self-signed certificate/,
  );
  expect(receiver.received).toHaveLength(1);
});
