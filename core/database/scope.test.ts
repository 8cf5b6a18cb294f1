import { expect, test } from 'vitest';
import { roleNames } from './scope.ts';

test('roleNames() derives role and schema of a plugin from its name', () => {
  expect(roleNames('orchestrall').plugin('crm-sync')).toEqual({
    owner: 'crm-sync',
    role: 'orchestrall_plugin_crm_sync',
    schema: 'plugin_crm_sync',
  });
});

test.each(['', 'Crm', 'crm_sync', '1crm', 'crm-', 'crm"; DROP', 'core', 'a'.repeat(41)])(
  'roleNames() refuses the plugin name %j',
  (name) => {
    expect(() => roleNames('orchestrall').plugin(name)).toThrow(
      expect.objectContaining({ code: 'PLUGIN_NAME_INVALID' }),
    );
  },
);

test.each(['', 'Upper', 'a'.repeat(15), 'a"b'])('roleNames() refuses the prefix %j', (prefix) => {
  expect(() => roleNames(prefix)).toThrow(TypeError);
});
