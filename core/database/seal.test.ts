import { Secret } from '@orchestrall/sdk';
import { expect, it } from 'vitest';
import { createSeal } from './seal.ts';

const key = new Secret('a key of the appliance');
const seal = createSeal(key, 'auth keys at rest');

it('opens what it closed, under the same name, key and purpose only', () => {
  const sealed = seal.close('private', 'one');
  expect(seal.open(sealed, 'one')).toBe('private');
  expect(sealed.includes('private')).toBe(false);
  expect(() => seal.open(sealed, 'two')).toThrow(/cannot be opened/);
  const foreign = createSeal(new Secret('another key of it'), 'auth keys at rest');
  expect(() => foreign.open(sealed, 'one')).toThrow(/cannot be opened/);
  expect(() => createSeal(key, 'webhook secrets at rest').open(sealed, 'one')).toThrow(/cannot be opened/);
});

it('notices every changed byte and a cut', () => {
  const sealed = seal.close('private', 'one');
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => seal.open(changed, 'one'), `byte ${at}`).toThrow(/cannot be opened/);
  }
  expect(() => seal.open(sealed.subarray(0, -1), 'one')).toThrow(/cannot be opened/);
});

it('seals differently each time', () => {
  expect(seal.close('private', 'one').equals(seal.close('private', 'one'))).toBe(false);
});

it('refuses a key that is too short to be one', () => {
  expect(() => createSeal(new Secret('short'), 'auth keys at rest')).toThrow(/16 characters/);
});
