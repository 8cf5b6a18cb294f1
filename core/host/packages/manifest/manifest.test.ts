import { describe, expect, test } from 'vitest';
import { checkDefinition, isDefinition } from './manifest.ts';

const contract = { name: 'crm', version: '1.0.0', events: [] };
const event = { type: 'contact.created', data: { type: 'object' } };
const complete = {
  name: 'crm-sync',
  version: '1.2.0-beta.1',
  engine: '>=0.1.0 <2',
  features: ['crm_integration', 'crm-sync'],
  prefixes: ['/api/v1/crm', '/hooks/crm.v1', '/api/v1/system-crm'],
  emits: [event, { type: 'import_job.row_failed.again', data: {} }],
  hosts: ['example.com', '*.example.com', 'localhost:8080', '10.0.0.1'],
  extensions: ['pg_trgm', 'unaccent'],
  rollbackFloor: '1.0.0',
  providers: ['builtin', 'salesforce'],
  config: { type: 'object', properties: {} },
  needs: { crm: { contract, range: '^1.0.0', required: true } },
  provides: { name: 'crm_sync', version: '1.0.0', events: [{ type: 'sync.ended', data: {} }] },
  setup: () => undefined,
};

/** What each fault is about, with the complete manifest changed in some fields. */
function faultsOf(changes: Readonly<Record<string, unknown>>): string[] {
  return checkDefinition({ ...complete, ...changes }).map(({ path, message }) => `${path} ${message}`);
}

describe('checkDefinition()', () => {
  test('accepts a complete manifest and the smallest', () => {
    expect(checkDefinition(complete)).toEqual([]);
    expect(isDefinition({ name: 'ab', version: '0.0.0', engine: '*', setup: () => undefined })).toBe(true);
  });

  test.each<[Readonly<Record<string, unknown>>, string[]]>([
    [{ name: undefined }, ['/name nothing is not a plugin name']],
    [{ name: 'Crm' }, ['/name "Crm" is not a plugin name']],
    [{ name: 'c' }, ['/name "c" is not a plugin name']],
    [{ name: 'crm--sync' }, ['/name "crm--sync" is not a plugin name']],
    [{ name: 'crm-' }, ['/name "crm-" is not a plugin name']],
    [{ name: 'x'.repeat(41) }, [`/name "${'x'.repeat(41)}" is not a plugin name`]],
    [{ name: `a${'-b'.repeat(20)}` }, [`/name "a${'-b'.repeat(20)}" is not a plugin name`]],
    [{ version: '1.2' }, ['/version "1.2" is not a semantic version']],
    [{ version: 'v1.2.0' }, ['/version "v1.2.0" is not a semantic version']],
    [{ engine: '' }, ['/engine "" is not a version range']],
    [{ engine: 'latest' }, ['/engine "latest" is not a version range']],
    [{ engine: 1 }, ['/engine 1 is not a version range']],
    [{ features: 'crm' }, ['/features "crm" is not a list']],
    [
      { features: ['crm', 'crm', 'Crm'] },
      ['/features/1 "crm" stands in the list twice', '/features/2 "Crm" is not a key'],
    ],
    [{ providers: [''] }, ['/providers/0 "" is not a key']],
    [{ prefixes: ['api/v1'] }, ['/prefixes/0 "api/v1" is not a URL prefix']],
    [{ prefixes: ['/'] }, ['/prefixes/0 "/" is not a URL prefix']],
    [{ prefixes: ['/api/'] }, ['/prefixes/0 "/api/" is not a URL prefix']],
    [{ prefixes: ['/api/:id'] }, ['/prefixes/0 "/api/:id" is not a URL prefix']],
    [{ prefixes: ['/api/../x'] }, ['/prefixes/0 "/api/../x" is not a URL prefix']],
    [{ prefixes: ['/a', '/b', '/a'] }, ['/prefixes/2 "/a" stands in the list twice']],
    [{ prefixes: ['/metrics'] }, ['/prefixes/0 /metrics takes in /metrics, which the core answers']],
    [
      { prefixes: ['/api/v1/system/x'] },
      ['/prefixes/0 /api/v1/system/x takes in /api/v1/system, which the core answers'],
    ],
    [{ prefixes: ['/api/v1'] }, ['/prefixes/0 /api/v1 takes in /api/v1/system, which the core answers']],
    [
      { prefixes: ['/openapi.json'] },
      ['/prefixes/0 /openapi.json takes in /openapi.json, which the core answers'],
    ],
    [{ emits: [{ type: 'created', data: {} }] }, ['/emits/0/type "created" is not an event type']],
    [
      { emits: [{ type: 'Contact.created', data: {} }] },
      ['/emits/0/type "Contact.created" is not an event type'],
    ],
    [{ emits: [{ type: 'contact.*', data: {} }] }, ['/emits/0/type "contact.*" is not an event type']],
    [{ emits: ['contact.created'] }, ['/emits/0 "contact.created" is not an event definition']],
    [{ emits: [{ type: 'contact.created' }] }, ['/emits/0/data nothing is not a schema']],
    [{ emits: [event, { ...event }] }, ['/emits/1/type contact.created is already declared at /emits/0']],
    [
      { emits: [{ type: 'sync.ended', data: {} }] },
      ['/emits/0/type sync.ended is already declared at /provides/events/0'],
    ],
    [{ hosts: ['https://example.com'] }, ['/hosts/0 "https://example.com" is not a host']],
    [{ hosts: ['example.com/x'] }, ['/hosts/0 "example.com/x" is not a host']],
    [
      { extensions: ['plpython3u', 'citext', 'citext', 1] },
      [
        '/extensions/0 "plpython3u" is not an extension that plugins may use',
        '/extensions/2 "citext" stands in the list twice',
        '/extensions/3 1 is not an extension that plugins may use',
      ],
    ],
    [{ extensions: 'citext' }, ['/extensions "citext" is not a list']],
    [{ hosts: ['*'] }, ['/hosts/0 "*" is not a host']],
    [{ hosts: ['example.com:99999'] }, ['/hosts/0 port 99999 is outside 1 to 65535']],
    [{ rollbackFloor: '1.2.0' }, ['/rollbackFloor 1.2.0 is above the version 1.2.0-beta.1']],
    [{ rollbackFloor: 'old' }, ['/rollbackFloor "old" is not a semantic version']],
    [{ config: [] }, ['/config a list is not a schema']],
    [{ config: { type: 'string' } }, ['/config is not the schema of an object']],
    [{ needs: [] }, ['/needs a list is not an object of needs']],
    [{ needs: { crm: null } }, ['/needs/crm null is not a need']],
    [{ needs: { 'crm-x': complete.needs.crm } }, ['/needs/crm-x "crm-x" is not a name for a service']],
    [
      { needs: { crm: { contract: { name: 'CRM' }, range: 'x.y', required: 1 } } },
      [
        '/needs/crm/contract/name "CRM" is not a contract name',
        '/needs/crm/contract/version nothing is not a semantic version',
        '/needs/crm/contract/events is missing',
        '/needs/crm/range "x.y" is not a version range',
        '/needs/crm/required is not true or false',
      ],
    ],
    [
      { needs: { one: complete.needs.crm, two: complete.needs.crm } },
      ['/needs/two needs the contract crm that /needs/one needs already'],
    ],
    [{ provides: contract }, ['/needs/crm needs the contract crm that this plugin provides']],
    [{ provides: 'crm' }, ['/provides "crm" is not a contract']],
    [{ setup: undefined }, ['/setup is not a function']],
    [{ rollback_floor: '1.0.0' }, ['/rollback_floor is not a field of a manifest']],
  ])('names the faults of %o', (changes, expected) => {
    expect(faultsOf(changes)).toEqual(expected);
  });

  test('names all faults at once, each with a remedy', () => {
    const faults = checkDefinition({
      name: '-',
      version: '-',
      engine: '-',
      prefixes: ['-'],
      needs: 1,
      extra: 1,
    });
    expect(faults.map(({ path }) => path).toSorted()).toEqual([
      '/engine',
      '/extra',
      '/name',
      '/needs',
      '/prefixes/0',
      '/setup',
      '/version',
    ]);
    expect(faults.every(({ remedy }) => remedy.endsWith('.'))).toBe(true);
  });

  test.each([undefined, null, 'text', [], () => undefined])('refuses %o, which is no object', (value) => {
    expect(checkDefinition(value)).toMatchObject([{ path: '' }]);
  });
});
