/**
 * Whether some object inside a JSON text names one member twice. `JSON.parse` keeps the last of them, other parsers
 * the first, so such a token means different things to different readers (RFC 7519, section 4).
 * The text must be valid JSON: parse it first.
 */
export function hasDuplicateMembers(json: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;
  let lastString: string | undefined;
  for (const [token] of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const members = open.at(-1);
      if (members === undefined || lastString === undefined) continue;
      const name: unknown = JSON.parse(lastString);
      if (typeof name !== 'string' || members.has(name)) return true;
      members.add(name);
    } else lastString = token;
  }
  return false;
}
