import { expect, it } from 'vitest';
import { challengeFor } from './challenge.ts';
import { authError } from './errors.ts';

it('challengeFor() names the fault of a token, asks for one where it is missing, and is silent elsewhere', () => {
  expect(challengeFor(authError('TOKEN_INVALID'))).toBe('Bearer realm="orchestrall", error="invalid_token"');
  expect(challengeFor(authError('ROLE_MISSING'))).toBe(
    'Bearer realm="orchestrall", error="insufficient_scope"',
  );
  expect(challengeFor(authError('TOKEN_MISSING'))).toBe('Bearer realm="orchestrall"');
  expect(challengeFor(authError('USER_NOT_FOUND'))).toBeUndefined();
});
