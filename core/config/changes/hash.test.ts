import { Secret, secretText } from '@orchestrall/sdk';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { clientFolder } from '../test/client-folder.ts';
import { hashOf } from './hash.ts';

async function hash(yaml: string, key = 'k', environment: Record<string, string> = {}): Promise<string> {
  const config = Type.Object({
    keys: Type.Optional(Type.Array(secretText())),
    client_secret: Type.Optional(Type.String()),
  });
  await using folder = await clientFolder(yaml);
  await folder.write('key', environment['FILE'] ?? 'text-of-the-file');
  const loaded = await folder.load({ environment, installed: [{ name: 'crm', config }] });
  return hashOf(loaded, new Secret(key));
}

test('the hash is the same for the same settings, whatever their order and comments', async () => {
  const one = await hash('client: {id: a, name: A}\nserver: {port: 1, host: h}\n');
  expect(await hash('# c\nserver:\n  host: h\n  port: 1\nclient:\n  name: A\n  id: a\n')).toBe(one);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(await hash('client: {id: a, name: B}\nserver: {port: 1, host: h}\n')).not.toBe(one);
});

test.each([
  ['of the core', 'security: {webhook_secret: "${SECRET}"}'],
  ['out of a file', 'client: {id: acme, name: "${file:key}"}'],
  ['in a list of a plugin', 'crm: {keys: [same, "${SECRET}"]}'],
  ['that only its name tells', 'crm: {client_secret: "${SECRET}"}'],
])('a rotated secret %s gives another hash, and so does another key', async (_, text) => {
  const yaml = text.startsWith('client') ? text : `client: {id: acme}\n${text}\n`;
  const first = { SECRET: 'first-first-first', FILE: 'first' };
  const one = await hash(yaml, 'k', first);
  expect(await hash(yaml, 'k', first)).toBe(one);
  expect(await hash(yaml, 'k', { SECRET: 'other-other-other', FILE: 'other' })).not.toBe(one);
  expect(await hash(yaml, 'l', first)).not.toBe(one);
});
