import { inspect } from 'node:util';
import { Secret } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { Secrets } from './secrets.ts';

function holding(text: string): Secrets {
  const secrets = new Secrets();
  secrets.add('security.webhook_secret', new Secret(text));
  return secrets;
}

test('the secrets of a configuration show neither path nor text however they are printed', () => {
  const secrets = holding('hush hush');
  const shown = [
    JSON.stringify({ secrets }),
    JSON.stringify(structuredClone(secrets)),
    inspect([secrets], { showHidden: true, depth: 9 }),
  ];
  for (const text of shown) expect(text).not.toMatch(/hush|webhook/);
});

test('mask() hides every secret of at least four characters in a text made by others', () => {
  expect(holding('hush').mask('say hush, hush')).toBe('say [secret], [secret]');
  expect(holding('abc').mask('abc')).toBe('abc');
});
