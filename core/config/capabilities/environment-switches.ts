import type { Variables } from '../source/environment.ts';
import { flagVariable } from '../source/environment-names.ts';
import { renderPath } from '../source/tree.ts';
import type { Validation } from '../validation/report.ts';
import { booleanOf } from '../validation/text-to-value.ts';
import { alwaysOnFeatures } from './reserved-names.ts';

/** Feature switches that the environment sets: `FF_<FEATURE>`, and the names of the table that switch a feature. */
export function switchesOf(
  variables: Variables,
  named: ReadonlyMap<string, string>,
  known: readonly string[],
  validation: Validation,
): Map<string, { variable: string; enabled: boolean }> {
  const switches = new Map<string, { variable: string; enabled: boolean }>();
  const byVariable = new Map([
    ...named,
    ...known.map((feature) => [flagVariable(feature), feature] as const),
  ]);
  for (const [name, feature] of byVariable) {
    const variable = variables.get(name);
    if (variable === undefined || variable.text === '') continue;
    const enabled = booleanOf(variable.text);
    const path = renderPath(['features', feature]);
    const { place } = variable;
    const always = alwaysOnFeatures.some((core) => core === feature);
    if (enabled === undefined)
      validation.faults.add({
        code: 'wrong_type',
        place,
        path,
        message: `The variable ${name} is neither true nor false.`,
        expected: '`true` or `false`',
        found: 'another text',
        remedy: `Set ${name}=true or ${name}=false, or remove it.`,
      });
    else if (always && !enabled)
      validation.faults.add({
        code: 'refused_variable',
        place,
        path,
        message: `The variable ${name} would switch off a feature that is always on.`,
        expected: 'no such variable',
        found: '`false`',
        remedy: `Remove ${name}.`,
      });
    else switches.set(feature, { variable: name, enabled });
  }
  return switches;
}
