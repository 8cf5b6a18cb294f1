import { expect, test } from 'vitest';
import type { DescribedObject } from '../../salesforce/client/describe.ts';
import { describeObject } from '../../salesforce/client/describe.ts';
import { compileMapping, previewRecord } from '../../salesforce/mapping/compile.ts';
import type { MappingOverrides } from '../../salesforce/mapping/overrides.ts';
import { mappedObjects, proposeMapping } from '../../salesforce/mapping/propose.ts';
import { createSalesforceProvider } from '../../salesforce/provider.ts';
import { kinds } from './kinds.ts';
import { startHarness } from './support.ts';

async function proposalOf(overrides: MappingOverrides) {
  await using harness = await startHarness();
  const transport = harness.transport();
  const described: DescribedObject[] = [];
  for (const object of mappedObjects(overrides, kinds))
    described.push(await describeObject(transport, object));
  const proposal = proposeMapping(described, kinds, overrides);
  const fieldOf = (object: string, remote: string) =>
    proposal.objects.find((each) => each.object === object)?.fields.find((each) => each.remote === remote);
  return { ...proposal, described, fieldOf };
}

test('fields go where they are meant to by themselves, and each of the others says why not', async () => {
  const { fieldOf, faults, objects } = await proposalOf({});
  expect(faults).toEqual([]);
  expect(objects.map(({ object, kind }) => [object, kind])).toEqual([
    ['Account', 'companies'],
    ['Contact', 'contacts'],
    ['Opportunity', 'deals'],
    ['Task', 'activities'],
    ['Event', 'activities'],
  ]);
  expect(fieldOf('Account', 'Name')).toMatchObject({
    local: 'name',
    state: 'partly',
    note: 'up to 255 characters there, 60 here; longer texts are cut',
  });
  expect(fieldOf('Account', 'Phone')).toMatchObject({ local: 'phone', state: 'whole', note: null });
  expect(fieldOf('Account', 'Industry')?.note).toBe('1 choices there are none here: Retail');
  expect(fieldOf('Account', 'BillingAddress')).toMatchObject({ local: null, state: 'impossible' });
  expect(fieldOf('Account', 'Description')).toMatchObject({ local: null, state: 'left_out' });
  expect(fieldOf('Contact', 'VIP__c')).toMatchObject({
    state: 'custom',
    custom: { name: 'vip', type: 'boolean' },
  });
  expect(fieldOf('Account', 'Regions__c')?.custom).toEqual({
    name: 'regions',
    type: 'multi_choice',
    choices: ['North', 'South'],
  });
});

test('an override is followed, and every fault in one is named', async () => {
  const { fieldOf } = await proposalOf({ Contact: { fields: { Title: 'first_name', FirstName: null } } });
  expect(fieldOf('Contact', 'Title')).toMatchObject({ local: 'first_name', state: 'partly' });
  expect(fieldOf('Contact', 'FirstName')).toMatchObject({ local: null, note: 'left out by the mapping' });
  const { faults } = await proposalOf({
    Account: {
      kind: 'firms',
      push: 'create_and_update',
      fields: { Nope: 'name', BillingAddress: 'name' },
    },
    Contact: { fields: { Birthdate: 'email', Title: 'last_name' }, external_id_field: 'Title' },
    Event: { take: false },
  });
  expect(faults).toEqual([
    { path: '/Account/kind', message: 'must be one of companies, contacts, deals, activities, is firms' },
    { path: '/Account/fields/Nope', message: 'no such field, or the user may not see it' },
    {
      path: '/Account/fields/BillingAddress',
      message: 'cannot be taken: a compound of other fields, which are taken one by one',
    },
    {
      path: '/Account/external_id_field',
      message: 'must be given, for a creation that was cut off is found again by it',
    },
    { path: '/Contact/fields/Title', message: 'last_name is filled from LastName already' },
    { path: '/Contact/fields/Birthdate', message: 'date does not fit email' },
    {
      path: '/Contact/external_id_field',
      message: 'must be a unique external id, a text of 36 characters or more, that the user may set',
    },
  ]);
});

test('a sample shows each value before and after', async () => {
  const { described, objects } = await proposalOf({});
  const [plan] = compileMapping({ described, kinds, proposals: objects });
  if (plan === undefined) throw new Error('no plan');
  const fields = {
    Name: 'x'.repeat(70),
    Industry: 'Retail',
    ParentId: '001Qy000000023jIAA',
    NumberOfEmployees: '5',
  };
  const preview = previewRecord(plan, { id: '1', stamp: '2026-11-02T08:00:00.000Z', fields });
  const of = (remote: string) => preview.find((each) => each.remote === remote);
  expect(of('Name')).toMatchObject({ after: 'x'.repeat(60), note: 'it has 70 characters, of which 60 fit' });
  expect(of('Industry')).toEqual({
    remote: 'Industry',
    local: 'industry',
    before: 'Retail',
    note: 'it is none of the choices Energy, Media',
  });
  expect(of('NumberOfEmployees')).toMatchObject({ before: '5', after: 5 });
});

test('the provider proposes, plans and shows samples of what the organisation has', async () => {
  await using harness = await startHarness();
  harness.org.create('Account', { Name: 'First' });
  harness.org.advance(2_000);
  harness.org.create('Account', { Name: 'Last' });
  const provider = createSalesforceProvider(harness.config, harness.effects);
  const { proposal, plans } = await provider.propose(kinds, {});
  expect(proposal.faults).toEqual([]);
  expect(plans.map(({ object }) => object)).toEqual(['Account', 'Contact', 'Opportunity', 'Task', 'Event']);
  const [account] = plans;
  if (account === undefined) throw new Error('no plan');
  const [first] = await provider.sample(account, 1);
  expect(first).toContainEqual({ remote: 'Name', local: 'name', before: 'Last', after: 'Last' });
  const refused = await provider.propose(kinds, { Nothing__c: { kind: 'deals' } });
  expect(refused.plans).toEqual([]);
  expect(refused.proposal.faults).toEqual([
    { path: '/Nothing__c', message: 'no such object, or the user may not see it' },
  ]);
  await expect(provider.propose(kinds, { Account: { push: 'always' } })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    details: { faults: expect.arrayContaining([expect.objectContaining({ path: '/Account/push' })]) },
  });
});
