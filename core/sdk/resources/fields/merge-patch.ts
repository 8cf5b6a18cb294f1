/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Applies a JSON merge patch: members of the patch replace members of the target, `null` removes one, objects
 * are merged, lists are replaced whole (https://www.rfc-editor.org/rfc/rfc7396#section-2).
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, applyMergePatch(result.get(name), value));
  }
  return Object.fromEntries(result);
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
