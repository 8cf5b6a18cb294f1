import Type from 'typebox';
import { Value } from 'typebox/value';

const SourceMap = Type.Object({
  version: Type.Literal(3),
  sources: Type.Array(Type.String()),
  names: Type.Array(Type.String()),
  mappings: Type.String(),
});

/**
 * Appends a source map to code as a data URL (https://tc39.es/ecma426/). Its sources are paths below the plugin's
 * folder, `node_modules/...` for dependencies; their texts are left out.
 */
export function withSourceMap(code: string, map: string): string {
  const parsed: unknown = JSON.parse(map);
  const { version, sources, names, mappings } = Value.Parse(SourceMap, parsed);
  const inside = sources.map((source) => source.replace(/^(?:\.\.\/)+/u, ''));
  const text = JSON.stringify({ version, sources: inside, names, mappings });
  const encoded = Buffer.from(text, 'utf8').toString('base64');
  return `${code.trimEnd()}\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`;
}
