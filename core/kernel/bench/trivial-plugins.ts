import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes plugins with one route each as source folders; their folder is one for `plugins.paths`. */
export async function writeTrivialPlugins(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let index = 1; index <= count; index += 1) await writePlugin(folder, `trivial-${index}`);
}

async function writePlugin(parent: string, name: string): Promise<void> {
  const folder = join(parent, name);
  await mkdir(join(folder, 'routes'), { recursive: true });
  // Where a plugin outside of the repository finds the SDK.
  await symlink(join(import.meta.dirname, '../../../node_modules'), join(folder, 'node_modules'));
  const manifest = {
    name: `@orchestrall/plugin-${name}`,
    version: '1.0.0',
    private: true,
    type: 'module',
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(
    join(folder, 'plugin.ts'),
    `import { definePlugin } from '@orchestrall/sdk';
export default definePlugin({
  name: '${name}',
  version: '1.0.0',
  engine: '*',
  prefixes: ['/api/v1/${name}'],
  setup(context) {
    context.http.routes({});
  },
});
`,
  );
  await writeFile(
    join(folder, 'routes', 'records.ts'),
    `import type { Routes } from '@orchestrall/sdk';
import { Type } from 'typebox';
const routes: Routes<object> = async (app) => {
  app.get(
    '/api/v1/${name}/records/:id',
    { config: { access: 'public' }, schema: { params: Type.Object({ id: Type.Integer() }) } },
    async (request) => request.params,
  );
};
export default routes;
`,
  );
}
