import type { Event } from '@orchestrall/sdk';
import { describe, expect, it } from 'vitest';
import { currentScope, withScope } from '../telemetry/scope.ts';
import type { Scope } from '../telemetry/scope.ts';
import { Observers } from './observers.ts';
import { createOwner, createRecordingLog } from './test/fixture.ts';

const event: Event = {
  specversion: '1.0',
  id: 'e1',
  source: '/plugins/crm',
  type: 'contact.created',
  time: '2026-11-21T00:00:00.000Z',
  datacontenttype: 'application/json',
  data: {},
};

/** A plugin's asynchronous handler where its author, or plain JavaScript, takes no notice of the promise. */
function untold(handler: () => Promise<never>): () => void;
function untold(handler: () => void): () => void {
  return handler;
}

describe('Observers', () => {
  it('hand an event to all whose pattern matches, until they end', () => {
    const observers = new Observers(createRecordingLog());
    const seen: string[] = [];
    const one = observers.add('contact.*', undefined, () => seen.push('one'));
    observers.add('**', undefined, () => seen.push('all'));
    observers.add('deal.*', undefined, () => seen.push('none'));
    observers.deliver(event);
    one[Symbol.dispose]();
    observers.deliver(event);
    expect(seen).toEqual(['one', 'all', 'all']);
  });

  it('attribute an error to the plugin whose handler threw, and spare the others', async () => {
    const log = createRecordingLog();
    const observers = new Observers(log);
    const owner = createOwner('crm', 3);
    const failure = new Error('a faulty observer');
    const seen: string[] = [];
    observers.add('**', owner, () => {
      throw failure;
    });
    observers.add('**', undefined, () => seen.push('other'));
    observers.deliver(event);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['other']);
    expect(owner.errors).toEqual([failure]);
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ plugin: 'crm', generation: 3 }),
      }),
    ]);
  });

  it('hear of an asynchronous failure too, in the scope of their own plugin, whoever emitted', async () => {
    const log = createRecordingLog();
    const observers = new Observers(log);
    const owner = createOwner('crm', 3);
    const failure = new Error('a faulty observer');
    const scopes: Scope[] = [];
    const fails = untold(async () => {
      scopes.push(currentScope());
      await Promise.resolve();
      throw failure;
    });
    observers.add('**', owner, fails);
    withScope({ plugin: 'other', generation: 1, correlationId: 'r1' }, () => observers.deliver(event));
    await new Promise((resolve) => setImmediate(resolve));
    expect(scopes).toEqual([{ plugin: 'crm', generation: 3, correlationId: 'r1' }]);
    expect(owner.errors).toEqual([failure]);
    expect(log.lines).toHaveLength(1);
  });
});
