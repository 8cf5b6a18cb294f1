import type { HttpInstance } from '@orchestrall/sdk';
import type { RouteRecord } from '../pipeline/route-record.ts';
import { openApiDocument } from './document.ts';
import type { DocumentOptions } from './document.ts';

/** What is live: changes of `version` make the document anew. */
export interface LiveRoutes {
  /** Grows whenever a plugin is switched. */
  version(): number;
  /** The routes of the core and of every active plugin. */
  routes(): readonly RouteRecord[];
}

/** `/openapi.json`: the document of what is live, built when first asked for and kept until a plugin is switched. */
export function liveDocumentRoute(app: HttpInstance, live: LiveRoutes, options: DocumentOptions): void {
  let built: { readonly version: number; readonly document: Promise<string> } | undefined;
  app.get(
    '/openapi.json',
    {
      config: { access: 'public' },
      schema: { operationId: 'getOpenApiDocument', summary: 'This document', tags: ['documentation'] },
    },
    async (_request, reply) => {
      const version = live.version();
      if (built?.version !== version) {
        const document = openApiDocument(live.routes(), options).then((made) => JSON.stringify(made));
        built = { version, document };
        // A failed build must not stay, and takes no later one along.
        document.catch(() => {
          if (built?.document === document) built = undefined;
        });
      }
      return reply.header('content-type', 'application/json; charset=utf-8').send(await built.document);
    },
  );
}
