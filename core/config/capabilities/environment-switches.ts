import type { Variable, Variables } from '../source/environment.ts';
import { environmentNames, flagVariable } from '../source/environment-names.ts';
import { renderPath } from '../source/tree.ts';
import type { Validation } from '../validation/schema-faults.ts';
import { booleanOf } from '../validation/text-to-value.ts';
import { alwaysOnFeatures } from './reserved-names.ts';

/** Switches of features by their key, and the variable that each comes from. */
export type EnvironmentSwitches = ReadonlyMap<
  string,
  { readonly variable: string; readonly enabled: boolean }
>;

/**
 * Reads the features that the environment switches. `FF_<FEATURE>` stands over the other names of the table that
 * switch the same feature; a variable that the file asks for itself switches nothing beside it.
 */
export function readSwitches(
  variables: Variables,
  used: ReadonlySet<string>,
  features: readonly string[],
  validation: Validation,
): EnvironmentSwitches {
  const switches = new Map<string, { variable: string; enabled: boolean }>();
  for (const feature of features)
    for (const name of [...otherNamesOf(feature), flagVariable(feature)]) {
      const variable = variables.get(name);
      if (variable === undefined || variable.text === '' || used.has(name)) continue;
      const enabled = readSwitch(variable, feature, validation);
      if (enabled !== undefined) switches.set(feature, { variable: name, enabled });
    }
  return switches;
}

function otherNamesOf(feature: string): string[] {
  return Object.entries(environmentNames)
    .filter(([, outcome]) => outcome.kind === 'switches' && outcome.feature === feature)
    .map(([name]) => name);
}

function readSwitch(
  { name, text, place }: Variable,
  feature: string,
  { faults }: Validation,
): boolean | undefined {
  const enabled = booleanOf(text);
  const path = renderPath(['features', feature]);
  if (enabled === undefined)
    faults.add({
      code: 'wrong_type',
      place,
      path,
      message: `The variable ${name} is neither true nor false.`,
      expected: '`true` or `false`',
      found: 'another text',
      remedy: `Set ${name}=true or ${name}=false, or remove it.`,
    });
  else if (!enabled && alwaysOnFeatures.some((core) => core === feature))
    faults.add({
      code: 'refused_variable',
      place,
      path,
      message: `The variable ${name} would switch off a feature that is always on.`,
      expected: 'no such variable',
      found: '`false`',
      remedy: `Remove ${name}.`,
    });
  else return enabled;
  return undefined;
}
