// The least there is: Fastify with one route.
import module from 'node:module';
if (process.env['BENCH_COMPILE_CACHE'] === '1') module.enableCompileCache();
const { fastify } = await import('fastify');

const app = fastify({ logger: true });
const id = { type: 'object', properties: { id: { type: 'integer' } } };
app.get('/api/v1/records/:id', { schema: { params: id } }, async (request) => request.params);
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`ready at ${url}\n`);
