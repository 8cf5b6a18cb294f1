import { definePlugin } from '@orchestrall/sdk';
import { expect, test } from 'vitest';
import { clientFolder } from '../../config/test/client-folder.ts';
import { describePlugin } from '../../host/packages/manifest/document.ts';
import { flagsOfEnvironment, flagsOfYaml, installedOf } from './desired-plugins.ts';

function available(name: string, features?: readonly string[]) {
  const definition = definePlugin({
    name,
    version: '1.0.0',
    engine: '*',
    ...(features === undefined ? {} : { features }),
    setup: () => {},
  });
  return { manifest: describePlugin(definition) };
}

test('a plugin that names no feature is switched by its name in snake_case', async () => {
  const installed = installedOf([available('my-plugin')]);
  await using folder = await clientFolder('client: {id: a}\nfeatures: {my_plugin: true}\n');
  const loaded = await folder.load({ installed });
  expect([...flagsOfYaml(loaded, installed)]).toEqual([['plugin.my-plugin', true]]);
  expect([...flagsOfEnvironment(loaded, installed)]).toEqual([]);
});

test('several features of one plugin are one switch, in the file as in the environment', async () => {
  const installed = installedOf([available('crm', ['first', 'second'])]);
  await using folder = await clientFolder('client: {id: a}\nfeatures: {first: true, second: false}\n');
  const environment = { FF_FIRST: 'true', FF_SECOND: 'false' };
  const loaded = await folder.load({ installed, environment });
  expect([...flagsOfYaml(loaded, installed)]).toEqual([['plugin.crm', true]]);
  expect([...flagsOfEnvironment(loaded, installed)]).toEqual([
    ['plugin.crm', { enabled: true, variable: 'FF_FIRST' }],
  ]);
});
