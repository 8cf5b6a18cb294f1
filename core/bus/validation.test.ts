import Type from 'typebox';
import { AppError, defineEvent } from '@orchestrall/sdk';
import { describe, expect, it } from 'vitest';
import { dataCheck } from './validation.ts';

const contactCreated = defineEvent(
  'contact.created',
  Type.Object({ email: Type.String({ minLength: 3 }), tags: Type.Array(Type.String()) }),
);

const faultsOf = (work: () => void) => {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError)
      return { code: error.code, paths: error.details.faults?.map((fault) => fault.path) };
  }
  return undefined;
};

describe('dataCheck()', () => {
  it('lets data pass that fit', () => {
    expect(faultsOf(() => dataCheck(contactCreated)({ email: 'a@b', tags: [] }))).toBeUndefined();
  });

  it('names every faulty field', () => {
    expect(faultsOf(() => dataCheck(contactCreated)({ email: '', tags: [1] }))).toEqual({
      code: 'EVENT_INVALID',
      paths: expect.arrayContaining(['/data/email', '/data/tags/0']),
    });
  });

  it('refuses a type that is not noun.past', () => {
    expect(faultsOf(() => dataCheck(defineEvent('Contact', Type.Object({})))({}))?.paths).toEqual(['/type']);
  });
});
