import { createRequire, isBuiltin } from 'node:module';

/**
 * Modules that a packed plugin shares with the core instead of carrying a copy: `AppError` stays one class, which
 * `instanceof` knows, TypeBox keeps its format and type registries in the module, and a copy of them in each plugin would be most of
 * its size.
 */
export const providedModules = ['@orchestrall/sdk', 'typebox', 'fastify', 'fastify-plugin'] as const;

// One for the process: a packed plugin's modules are not known to it, so it holds none of them.
const requireOfCore = createRequire(import.meta.url);

/** Whether the core gives this module, or a part of it such as `typebox/value`, to packed plugins. */
export function isProvided(specifier: string): boolean {
  return providedModules.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

/**
 * The `require` of packed code: Node's own modules and those the core provides.
 * Throws an error with code `MODULE_NOT_FOUND`, as Node does, for every other.
 */
export function requireProvided(specifier: string): unknown {
  if (isBuiltin(specifier) || isProvided(specifier)) return requireOfCore(specifier);
  const error: NodeJS.ErrnoException = new Error(
    `the packed plugin asks for the module ${specifier}, which it does not carry`,
  );
  error.code = 'MODULE_NOT_FOUND';
  throw error;
}
