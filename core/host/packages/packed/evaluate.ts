import { getSourceMapsSupport, Module, setSourceMapsSupport } from 'node:module';

/**
 * Runs CommonJS code from memory and returns its exports. The module stands in no cache and has no parent, so
 * nothing but the caller holds it. `file` names it in stack traces; a source map in the code is applied to them.
 * Everything the code asks for comes from `require`.
 */
export function evaluateCommonJs(
  code: string,
  file: string,
  require: (specifier: string) => unknown,
): unknown {
  // Traces of packed code would show lines of the bundle; the switch is the process's, there is no other.
  if (!getSourceMapsSupport().enabled) {
    setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
  }
  const loaded = new Module(file);
  loaded.filename = file;
  loaded.paths = [];
  Object.defineProperty(loaded, 'require', { value: require });
  // Not in Node's documentation, but what its own loader and every loader hook calls; `vm.compileFunction` keeps
  // as little memory but does not know the source map, and `createRequire` needs a file and keeps three times more.
  const compile: unknown = Reflect.get(loaded, '_compile');
  if (typeof compile !== 'function') throw new TypeError('this Node.js cannot compile a module from memory');
  Reflect.apply(compile, loaded, [code, file]);
  return loaded.exports;
}
