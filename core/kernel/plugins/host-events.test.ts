import { expect, test } from 'vitest';
import { Slot } from '../../host/slot.ts';
import { hostEvents } from './host-events.ts';

test('a plugin that fails again for the same reason is told in a short line, and of another reason in full', () => {
  const lines: [level: string, message: string, fields: object][] = [];
  const level = (name: string) => (fields: object, message: string) => lines.push([name, message, fields]);
  const log = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  const events = hostEvents({ emitFromCore: () => new Promise(() => {}) }, log);
  const slot = new Slot('crm', new Date());
  const fail = (reason: string): void => {
    slot.failure = { target: 'x', version: '1.0.0', reason, retryAtMs: 0 };
    events.failed(slot, new Error(reason));
  };
  fail('no disk');
  fail('no disk');
  fail('no memory');
  events.activated(slot, undefined);
  fail('no memory');
  expect(lines.map(([name, message, fields]) => [name, message, 'error' in fields])).toEqual([
    ['error', 'crm 1.0.0 failed: no disk', true],
    ['warn', 'crm 1.0.0 failed again', false],
    ['error', 'crm 1.0.0 failed: no memory', true],
    ['info', 'crm  is active', false],
    ['error', 'crm 1.0.0 failed: no memory', true],
  ]);
});
