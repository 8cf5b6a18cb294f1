import type { HttpInstance } from '@orchestrall/sdk';
import { fastify } from 'fastify';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { errorsPage } from './errors-page.ts';

/**
 * Nothing is loaded, sent or framed but from and to this appliance. Scalar sets styles from its script, which only
 * `unsafe-inline` styles allow; scripts have no such exception.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Switches off whatever would ask another host: fonts, proxy, telemetry, client, agent and developer tools. */
const configuration = {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: '',
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true, hideAddApi: true },
  mcp: { disabled: true },
  externalUrls: { dashboardUrl: '', registryUrl: '', proxyUrl: '', apiBaseUrl: '' },
  persistAuth: false,
};

/** Examples of calls name the address that the reader came by. */
const startScript = `Scalar.createApiReference('#app', {
  ...${JSON.stringify(configuration)},
  baseServerURL: location.origin,
});
`;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Orchestrall API reference</title>
    <!-- Browsers ask for one otherwise, and there is none. -->
    <link rel="icon" href="data:," />
  </head>
  <body>
    <div id="app"></div>
    <noscript>The API is described in <a href="/openapi.json">/openapi.json</a>.</noscript>
    <script src="/docs/scalar.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/**
 * `/docs`, the API reference with everything it needs from this appliance; `/`, which leads there; and `/docs/errors`,
 * what `type` points at.
 */
export function referencePageRoutes(app: HttpInstance): void {
  const config = { access: 'public' } as const;
  let script: Promise<{ readonly plain: Buffer; readonly zipped: Buffer }> | undefined;
  app.get('/', { config, schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs'));
  app.get('/docs', { config, schema: { hide: true } }, async (_request, reply) =>
    reply
      .header('content-security-policy', contentSecurityPolicy)
      .header('content-type', 'text/html; charset=utf-8')
      .send(page),
  );
  app.get('/docs/start.js', { config, schema: { hide: true } }, async (_request, reply) =>
    reply.header('content-type', 'text/javascript; charset=utf-8').send(startScript),
  );
  app.get('/docs/errors', { config, schema: { hide: true } }, async (_request, reply) =>
    reply
      .header('content-security-policy', contentSecurityPolicy)
      .header('content-type', 'text/html; charset=utf-8')
      .send(await errorsPage()),
  );
  app.get('/docs/scalar.js', { config, schema: { hide: true } }, async (request, reply) => {
    script ??= loadScript().catch((error: unknown) => {
      // A failed load must not stay.
      script = undefined;
      throw error;
    });
    const { plain, zipped } = await script;
    const zips = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    return reply
      .header('content-type', 'text/javascript; charset=utf-8')
      .header('cache-control', 'public, max-age=3600')
      .header('vary', 'accept-encoding')
      .headers(zips ? { 'content-encoding': 'gzip' } : {})
      .send(zips ? zipped : plain);
  });
}

/** The browser bundle that the package carries; it is to be had from its Fastify plugin only. */
async function loadScript(): Promise<{ plain: Buffer; zipped: Buffer }> {
  // 4 MB that only readers of the reference need.
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const app = fastify();
  try {
    await app.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json' } });
    const answer = await app.inject('/docs/js/scalar.js');
    if (answer.statusCode !== 200) throw new Error('the API reference package gives no script');
    const plain = answer.rawPayload;
    return { plain, zipped: await promisify(gzip)(plain, { level: 6 }) };
  } finally {
    await app.close();
  }
}
