import { Secret } from '@orchestrall/sdk';
import { expect, it } from 'vitest';
import { createSeal } from './seal.ts';

const seal = createSeal(new Secret('a key of the appliance'));

it('opens what it closed, under the same name and key only', () => {
  const sealed = seal.close('private', 'one');
  expect(seal.open(sealed, 'one')).toBe('private');
  expect(sealed.includes('private')).toBe(false);
  expect(() => seal.open(sealed, 'two')).toThrow(/cannot be opened/);
  expect(() => createSeal(new Secret('another key of it')).open(sealed, 'one')).toThrow(/cannot be opened/);
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
  expect(() => createSeal(new Secret('short'))).toThrow(/16 characters/);
});
