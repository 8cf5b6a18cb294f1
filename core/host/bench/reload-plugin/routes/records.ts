import type { Routes } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Statements } from '../statements.ts';

const routes: Routes<{ readonly statements: Statements }> = async (app, { statements }) => {
  app.get(
    '/api/v1/reload-bench/records/:id',
    {
      config: { access: 'public' },
      schema: {
        params: Type.Object({ id: Type.Integer() }),
        response: { 200: Type.Object({ sql: Type.String() }) },
      },
    },
    async (request) => ({ sql: statements.byId(request.params.id) }),
  );
};
export default routes;
