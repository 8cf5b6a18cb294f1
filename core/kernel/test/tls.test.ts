import { execFile, spawnSync } from 'node:child_process';
import { Agent, request } from 'node:https';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../testing/describe-with.ts';
import { startProduct, testFolder } from './process.ts';
import type { RunningAppliance, TestFolder } from './process.ts';

let folder: TestFolder;
let running: RunningAppliance;
const kept = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

/** Puts a self-signed certificate of this name, and its key, where the appliance reads them. */
async function makeCertificate(name: string): Promise<void> {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const files = ['-keyout', join(folder.path, 'key.pem'), '-out', join(folder.path, 'cert.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await promisify(execFile)('openssl', ['req', '-x509', ...key, ...subject, ...files]);
}

/** Asks whether the appliance lives; gives the status and the name on the certificate of the connection used. */
async function ask(agent: Agent | undefined): Promise<readonly [status: number | undefined, name: unknown]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly [number | undefined, unknown]>();
  const options = { agent: agent ?? false, rejectUnauthorized: false };
  request(`${running.url}/health/live`, options, (response) => {
    const { socket } = response;
    const name = socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : undefined;
    response.resume().on('end', () => resolve([response.statusCode, name]));
  })
    .on('error', reject)
    .end();
  return promise;
}

const logged = (): string => running.output() + running.errors();

const missing =
  spawnSync('openssl', ['version']).error === undefined ? undefined : 'openssl (Debian package openssl)';

describeWith('TLS', missing, () => {
  beforeAll(async () => {
    folder = await testFolder();
    await makeCertificate('first');
    const paths = `{ cert: ${join(folder.path, 'cert.pem')}, key: ${join(folder.path, 'key.pem')} }`;
    const file = await folder.write('client.yaml', `client: { id: test }\nserver:\n  tls: ${paths}\n`);
    running = await startProduct(join(folder.path, 'data'), ['--config', file]);
  }, 90_000);
  afterAll(async () => {
    kept.destroy();
    await running?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  }, 60_000);

  test('the appliance speaks HTTPS with the certificate of its configuration, and nothing else there', async () => {
    expect(running.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await ask(undefined)).toEqual([200, 'first']);
    expect(await running.token()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    await expect(fetch(running.url.replace('https', 'http'))).rejects.toThrow();
  });

  test('SIGHUP takes a new certificate for new connections, and open ones go on', async () => {
    expect(await ask(kept)).toEqual([200, 'first']);
    await makeCertificate('second');
    expect(await ask(undefined)).toEqual([200, 'first']);
    process.kill(running.pid, 'SIGHUP');
    await expect.poll(() => ask(undefined), { timeout: 20_000 }).toEqual([200, 'second']);
    expect(await ask(kept)).toEqual([200, 'first']);
    expect(logged()).toContain('the certificate was read again');
  });

  test.each([
    ['that is no certificate', async () => writeFile(join(folder.path, 'cert.pem'), 'nonsense')],
    [
      'of another key',
      async () => {
        await makeCertificate('third');
        const { stdout } = await promisify(execFile)('openssl', [
          'ecparam',
          '-genkey',
          '-name',
          'prime256v1',
        ]);
        await writeFile(join(folder.path, 'key.pem'), stdout);
      },
    ],
  ])('a new certificate %s is logged and the old one stays', async (_, spoil) => {
    const failures = (): number => logged().split('the certificate could not be read again').length;
    const before = failures();
    await spoil();
    process.kill(running.pid, 'SIGHUP');
    await expect.poll(failures, { timeout: 20_000 }).toBe(before + 1);
    expect(await ask(undefined)).toEqual([200, 'second']);
    expect(logged()).toContain(`TLS cannot be spoken with ${join(folder.path, 'cert.pem')}`);
    expect(logged()).not.toContain('PRIVATE KEY');
  });

  test('after a spoiled certificate a good one is taken', async () => {
    await makeCertificate('fourth');
    process.kill(running.pid, 'SIGHUP');
    await expect.poll(() => ask(undefined), { timeout: 20_000 }).toEqual([200, 'fourth']);
  });
});
