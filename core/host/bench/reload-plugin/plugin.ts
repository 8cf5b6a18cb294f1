import { definePlugin } from '@orchestrall/sdk';
import Type from 'typebox';
import { Statements } from './statements.ts';

/** A plugin the size of a real one: it carries a query builder. */
export default definePlugin({
  name: 'reload-bench',
  version: '1.0.0',
  engine: '*',
  prefixes: ['/api/v1/reload-bench'],
  config: Type.Object({ table: Type.String({ default: 'records' }) }),
  setup(context) {
    context.http.routes({ statements: new Statements() });
  },
});
