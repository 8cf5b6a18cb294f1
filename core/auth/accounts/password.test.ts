import { AppError } from '@orchestrall/sdk';
import { describe, expect, it } from 'vitest';
import { checkPasswordRules, createPasswordHasher, generatePassword } from './password.ts';

const cheap = { memory: 64, passes: 2, parallelism: 1 };

describe('createPasswordHasher()', () => {
  it('writes the PHC form with the costs that OWASP asks for', async () => {
    const stored = await createPasswordHasher().hash('correct horse battery');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  it('accepts the password, refuses another, and salts each hash', async () => {
    const hasher = createPasswordHasher(cheap);
    const stored = await hasher.hash('correct horse battery');
    expect(await hasher.check('correct horse battery', stored)).toEqual({ matches: true, outdated: false });
    expect((await hasher.check('correct horse batterY', stored)).matches).toBe(false);
    expect(await hasher.hash('correct horse battery')).not.toBe(stored);
  });

  it('accepts a hash of former costs and calls it outdated', async () => {
    const stored = await createPasswordHasher({ ...cheap, passes: 3 }).hash('correct horse battery');
    expect(await createPasswordHasher(cheap).check('correct horse battery', stored)).toEqual({
      matches: true,
      outdated: true,
    });
  });

  it('refuses a stored text that is no argon2id hash', async () => {
    await expect(createPasswordHasher(cheap).check('x', '$2b$10$abc')).rejects.toThrow(/PHC form/);
  });

  it('finishes every one of many at once, and sheds what would wait too long', async () => {
    const hasher = createPasswordHasher(cheap);
    const results = await Promise.allSettled(Array.from({ length: 80 }, () => hasher.checkNobody('x')));
    const shed = results.filter((result) => result.status === 'rejected');
    expect(shed).toHaveLength(80 - 2 - 64);
    await hasher.checkNobody('the place is free again');
  });
});

describe('checkPasswordRules()', () => {
  it.each([
    ['eleven char', 'ada'],
    ['a'.repeat(20), 'ada'],
    ['Administrator', 'administrator'],
    ['é'.repeat(512) + 'x', 'ada'],
  ])('refuses %j for the user %s', (password, name) => {
    expect(() => checkPasswordRules(password, name)).toThrow(AppError);
  });

  it('accepts 12 characters and 1,024 bytes', () => {
    checkPasswordRules('twelve chars', 'ada');
    checkPasswordRules(`x${'y'.repeat(1023)}`, 'ada');
  });
});

it('generatePassword() gives passwords that fit the rules and differ', () => {
  const made = new Set(Array.from({ length: 50 }, generatePassword));
  expect(made.size).toBe(50);
  for (const password of made) checkPasswordRules(password, 'admin');
});
