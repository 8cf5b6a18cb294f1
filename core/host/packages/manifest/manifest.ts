import type { PluginDefinition } from '@orchestrall/sdk';
import semver from 'semver';
import { Checker } from './checker.ts';
import type { ManifestFault } from './checker.ts';
import { checkEvents, checkNeeds, checkProvides } from './contracts.ts';
import { checkExtensions } from './extensions.ts';
import { checkPrefixes } from './prefixes.ts';

export type { ManifestFault } from './checker.ts';

const pluginName = /^(?=.{2,40}$)[a-z](?:-?[a-z0-9])+$/u;
const keyName = /^[a-z](?:[-_]?[a-z0-9]){0,62}$/u;
const hostName =
  /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::(?<port>\d{1,5}))?$/iu;
const configuredHost = /^config:[a-z][a-z0-9_]*$/u;
const known = new Set(
  'name version engine features prefixes emits hosts extensions rollbackFloor providers config needs provides setup'.split(
    ' ',
  ),
);

/** Whether a value is a plugin definition without faults; `checkDefinition` names the faults. */
export function isDefinition(value: unknown): value is PluginDefinition {
  return checkDefinition(value).length === 0;
}

/**
 * Checks what `definePlugin` was given, which may come from JavaScript, and names every fault at once; none means
 * that it is a `PluginDefinition`. Paths are JSON pointers into the definition, empty for the whole.
 */
export function checkDefinition(value: unknown): ManifestFault[] {
  const check = new Checker();
  if (!check.object('', value, 'a plugin definition', 'Export `definePlugin({ ... })` as default.'))
    return check.faults;
  checkNames(check, value);
  checkVersions(check, value);
  checkPrefixes(check, value['prefixes']);
  check.list('/hosts', value['hosts'], checkHost);
  checkExtensions(check, value['extensions']);
  checkSchema(check, value['config']);
  checkEvents(check, '/emits', value['emits']);
  checkProvides(check, value['provides']);
  checkNeeds(check, value['needs'], value['provides']);
  checkEmittedOnce(check, value);
  if (typeof value['setup'] !== 'function') {
    check.fault('/setup', 'is not a function', 'Write `setup(context) { ... }`.');
  }
  return check.faults;
}

function checkNames(check: Checker, value: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(value)) {
    if (known.has(key)) continue;
    check.fault(`/${key}`, 'is not a field of a manifest', `Remove it; known are ${[...known].join(', ')}.`);
  }
  const remedy =
    'Use lower-case letters, digits and single `-`, beginning with a letter, 2 to 40 characters.';
  check.pattern('/name', value['name'], pluginName, 'a plugin name', remedy);
  for (const field of ['features', 'providers']) {
    check.list(`/${field}`, value[field], (path, key) =>
      check.pattern(
        path,
        key,
        keyName,
        'a key',
        'Use lower-case letters, digits, `_` and `-`, such as `crm_integration`.',
      ),
    );
  }
}

function checkVersions(check: Checker, value: Readonly<Record<string, unknown>>): void {
  const { version, engine, rollbackFloor } = value;
  const valid = check.version('/version', version);
  check.range('/engine', engine);
  if (rollbackFloor === undefined || !check.version('/rollbackFloor', rollbackFloor)) return;
  if (valid && semver.gt(rollbackFloor, version)) {
    const message = `${rollbackFloor} is above the version ${version}`;
    check.fault('/rollbackFloor', message, 'Name this version or an older one.');
  }
}

function checkHost(this: void, path: string, host: unknown, check: Checker): void {
  const remedy =
    'Write `example.com`, `*.example.com` or `host:port`, without scheme or path, or `config:key` for that of an address in the configuration.';
  if (configuredHost.test(String(host))) return;
  if (!check.pattern(path, host, hostName, 'a host', remedy)) return;
  const port = hostName.exec(String(host))?.groups?.['port'];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
    check.fault(path, `port ${port} is outside 1 to 65535`, remedy);
  }
}

function checkSchema(check: Checker, config: unknown): void {
  if (config === undefined) return;
  const remedy = 'Use `Type.Object({ ... })`.';
  if (!check.object('/config', config, 'a schema', remedy)) return;
  if (config['type'] !== 'object') check.fault('/config', 'is not the schema of an object', remedy);
}

/** An event type declared twice within one manifest would leave open which schema counts. */
function checkEmittedOnce(check: Checker, value: Readonly<Record<string, unknown>>): void {
  const seen = new Map<unknown, string>();
  const provides = value['provides'];
  const provided: unknown = Checker.isObject(provides) ? provides['events'] : undefined;
  for (const [path, list] of [
    ['/provides/events', provided],
    ['/emits', value['emits']],
  ] as const) {
    if (!Array.isArray(list)) continue;
    for (const [index, event] of list.entries()) {
      const type: unknown = Checker.isObject(event) ? event['type'] : undefined;
      if (typeof type !== 'string') continue;
      const first = seen.get(type);
      if (first === undefined) seen.set(type, `${path}/${index}`);
      else
        check.fault(`${path}/${index}/type`, `${type} is already declared at ${first}`, 'Declare it once.');
    }
  }
}
