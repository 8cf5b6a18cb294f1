import type { PluginDefinition } from '@orchestrall/sdk';
import { evaluateCommonJs } from './evaluate.ts';
import { singleFault } from '../faults.ts';
import { messageOf } from '../../../telemetry/error-message.ts';
import { requireProvided } from './provided.ts';
import { checkRoutes } from '../routes.ts';
import type { RouteFile, RoutePlace } from '../routes.ts';
import { validDefinition } from '../source.ts';

/** What the code of a packed plugin gives. */
export interface PackedCode {
  readonly definition: PluginDefinition;
  readonly routes: readonly RouteFile[];
}

/**
 * Evaluates bundled code; `places` are the route files in the order of its table. `file` is where it stands in
 * stack traces, as if the code lay in the packed file like in a folder: `<file>/routes/contacts.ts:12`.
 * Throws `PLUGIN_INVALID` when the code throws or does not give a definition and these routes.
 */
export function runPackedCode(file: string, code: string, places: readonly RoutePlace[]): PackedCode {
  let exported: unknown;
  try {
    exported = evaluateCommonJs(code, `${file}/plugin.cjs`, requireProvided);
  } catch (thrown) {
    const message = `throws when it is loaded: ${messageOf(thrown)}`;
    throw singleFault({ file, path: '', message, remedy: 'Correct the source and pack it again.' }, thrown);
  }
  const table: unknown = Object(exported).routes;
  const functions: unknown[] = Array.isArray(table) ? table : [];
  if (functions.length !== places.length) {
    const message = `has ${functions.length} route files in its code and ${places.length} in its index`;
    throw singleFault({ file, path: 'routes', message, remedy: 'Pack the plugin again.' });
  }
  return {
    definition: validDefinition(file, exported),
    routes: places.map((place, index) => checkRoutes(file, place, functions[index])),
  };
}
