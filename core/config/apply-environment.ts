import { booleanOf } from './validation/text-to-value.ts';
import type { Variables, Variable } from './source/environment.ts';
import { environmentNames, flagVariable } from './source/environment-names.ts';
import type { FaultList } from './faults.ts';
import { nearest } from './validation/nearest.ts';
import type { InactiveKey } from './capabilities/set-aside-inactive.ts';
import { putAt, renderPath } from './source/tree.ts';
import type { MappingNode, Place, TreeNode } from './source/tree.ts';

/** What the environment is applied to. */
export interface EnvironmentTarget {
  readonly tree: MappingNode;
  readonly variables: Variables;
  /** Names that the file asked for itself; with those only the file decides what they do. */
  readonly used: ReadonlySet<string>;
  /** Whether a path is known: to the core, or to an installed plugin's schema. */
  readonly knows: (path: readonly string[]) => boolean;
  /** Keys under `features` that exist, reserved ones included. */
  readonly features: readonly string[];
  readonly faults: FaultList;
}

/** Sets what the environment's names set, over the file, and reports the refused ones. Gives what stays inactive. */
export function applyEnvironment(target: EnvironmentTarget): InactiveKey[] {
  const inactive: InactiveKey[] = [];
  for (const [name, outcome] of Object.entries(environmentNames)) {
    const variable = target.variables.get(name);
    if (variable === undefined || variable.text === '' || target.used.has(name)) continue;
    if (outcome.kind === 'refused') {
      reportRefused(variable, outcome.message, outcome.remedy, target.faults);
    } else if (outcome.kind !== 'switches') {
      const text = outcome.kind === 'sets' ? variable.text : whenTrue(variable, outcome.value, target.faults);
      if (text === undefined) continue;
      const node = textFrom(text, `the variable ${name}`, variable.place);
      if (target.knows(outcome.path)) putAt(target.tree, outcome.path, node);
      else
        inactive.push({
          path: renderPath(outcome.path),
          reason: `${name} sets it, and no installed plugin has such a setting.`,
        });
    }
  }
  return [...inactive, ...judgeUnknownFlags(target)];
}

/** Sets what the command line sets, by path, over file and environment. */
export function applyOverrides(tree: MappingNode, overrides: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(overrides))
    putAt(tree, path.split('.'), textFrom(text, 'the command line', { file: 'command line' }));
}

function textFrom(value: string, from: string, place: Place): TreeNode {
  return { kind: 'scalar', value, place, from, secret: false };
}

function whenTrue(variable: Variable, value: string, faults: FaultList): string | undefined {
  const on = booleanOf(variable.text);
  if (on === undefined)
    faults.add({
      code: 'wrong_type',
      place: variable.place,
      path: '',
      message: `The variable ${variable.name} is neither true nor false.`,
      expected: '`true` or `false`',
      found: 'another text',
      remedy: `Set ${variable.name}=true or ${variable.name}=false, or remove it.`,
    });
  return on === true ? value : undefined;
}

/**
 * An unknown flag in `.env` is meant for us and refused; one in the process's environment only where it looks like a
 * misspelt one of ours, since other programs use the prefix too.
 */
function judgeUnknownFlags({ variables, features, used, faults }: EnvironmentTarget): InactiveKey[] {
  const known = new Map(features.map((feature) => [flagVariable(feature), feature]));
  const ignored: InactiveKey[] = [];
  for (const variable of variables.values()) {
    const { name, place } = variable;
    if (!name.startsWith('FF_') || known.has(name) || name in environmentNames || used.has(name)) continue;
    const guess = nearest(name.slice(3), known.values());
    if (guess === undefined && place.file === 'environment') {
      ignored.push({ path: name, reason: 'It names no feature of this appliance.' });
      continue;
    }
    reportRefused(
      variable,
      `The variable ${name} names a feature that does not exist.`,
      guess === undefined ? `Remove ${name}, or correct its name.` : `Did you mean ${flagVariable(guess)}?`,
      faults,
    );
  }
  return ignored;
}

function reportRefused({ name, place }: Variable, message: string, remedy: string, faults: FaultList): void {
  faults.add({
    code: 'refused_variable',
    place,
    path: name,
    message,
    expected: 'no such variable',
    found: 'a variable',
    remedy,
  });
}
