import { expect, test } from 'vitest';
import { eraserOf } from './pattern.ts';

const erase = eraserOf({
  emails: ['ada@acme.example'],
  phones: ['+49 30 123456', '42'],
  names: ['Ada "A." Lovelace', 'Zoë Müller'],
});

test('an e-mail, a phone and a full name are found in any case and spelling of spaces and digits', () => {
  expect(erase('Mail ADA@Acme.example, please.')).toBe('Mail [erased], please.');
  expect(erase('call 0049 (30) 12-34-56 or 4930123456')).toBe('call [erased] or [erased]');
  expect(erase('ZOË  MÜLLER, zoe muller, Zoë\nMüller')).toBe('[erased], [erased], [erased]');
});

test('what only contains them is somebody else’s', () => {
  for (const text of [
    'x.ada@acme.example',
    'ada@acme.example.org',
    'Zoë Müllerin',
    '+49 30 1234567',
    'room 42',
  ]) {
    expect(erase(text)).toBe(text);
  }
});

test('they are found in JSON too, which stays JSON', () => {
  const value = { note: 'To:\nada@acme.example\t"Ada "A." Lovelace"', list: ['zoe muller'] };
  expect(JSON.parse(erase(JSON.stringify(value)))).toEqual({
    note: 'To:\n[erased]\t"[erased]"',
    list: ['[erased]'],
  });
});
