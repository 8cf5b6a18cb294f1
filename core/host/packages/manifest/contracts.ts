import { Checker } from './checker.ts';

const eventType = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*(?:\.[a-z][a-z0-9]*(?:_[a-z0-9]+)*)+$/u;
const contractName = /^[a-z](?:[-_]?[a-z0-9]){0,62}$/u;
const serviceName = /^[a-z][A-Za-z0-9]{0,62}$/u;
const eventRemedy = 'Use `defineEvent("noun.past", schema)`, lower case, words of a segment joined by `_`.';

/** Checks a list of event definitions. */
export function checkEvents(check: Checker, path: string, events: unknown): void {
  check.list(path, events, (at, event) => {
    if (!check.object(at, event, 'an event definition', eventRemedy)) return;
    check.pattern(`${at}/type`, event['type'], eventType, 'an event type', eventRemedy);
    check.object(`${at}/data`, event['data'], 'a schema', eventRemedy);
  });
}

/** Checks the contract a plugin provides. */
export function checkProvides(check: Checker, provides: unknown): void {
  if (provides === undefined) return;
  checkContract(check, '/provides', provides);
}

/** Checks the contracts a plugin needs; none twice, and not the one it provides. */
export function checkNeeds(check: Checker, needs: unknown, provides: unknown): void {
  if (needs === undefined) return;
  const remedy = 'Write `needs: { crm: required(crmContract, "^1.0.0") }`.';
  if (!check.object('/needs', needs, 'an object of needs', remedy)) return;
  const seen = new Map<unknown, string>();
  const own = Checker.isObject(provides) ? provides['name'] : undefined;
  for (const [key, need] of Object.entries(needs)) {
    const path = `/needs/${key}`;
    check.pattern(path, key, serviceName, 'a name for a service', 'Name it like a variable: `crm`.');
    if (!check.object(path, need, 'a need', remedy)) continue;
    checkContract(check, `${path}/contract`, need['contract']);
    check.range(`${path}/range`, need['range']);
    if (typeof need['required'] !== 'boolean')
      check.fault(`${path}/required`, 'is not true or false', remedy);
    const name = Checker.isObject(need['contract']) ? need['contract']['name'] : undefined;
    if (typeof name !== 'string') continue;
    const first = seen.get(name);
    if (first !== undefined) {
      check.fault(path, `needs the contract ${name} that ${first} needs already`, 'Remove one of them.');
    }
    if (name === own) {
      check.fault(
        path,
        `needs the contract ${name} that this plugin provides`,
        'Call the own service instead.',
      );
    }
    seen.set(name, path);
  }
}

function checkContract(check: Checker, path: string, contract: unknown): void {
  const remedy = 'Use `defineContract<Service>()({ name, version, events })`.';
  if (!check.object(path, contract, 'a contract', remedy)) return;
  check.pattern(`${path}/name`, contract['name'], contractName, 'a contract name', remedy);
  check.version(`${path}/version`, contract['version']);
  if (contract['events'] === undefined) check.fault(`${path}/events`, 'is missing', remedy);
  else checkEvents(check, `${path}/events`, contract['events']);
}
