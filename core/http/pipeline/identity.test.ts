import { expect, it } from 'vitest';
import { identify } from './identity.ts';

it('serves a public route without a caller when what verifies tokens hangs', async () => {
  const hanging = { inspect: () => new Promise<never>(() => {}) };
  expect(await identify({ authorization: 'Bearer x.y.z' }, 'public', hanging)).toBeUndefined();
});
