/** What a name in the environment does. */
export type EnvironmentOutcome =
  | { readonly kind: 'sets'; readonly path: readonly string[] }
  /** Sets a path to `value` when it is true, and nothing when it is false. */
  | { readonly kind: 'sets_when_true'; readonly path: readonly string[]; readonly value: string }
  | { readonly kind: 'switches'; readonly feature: string }
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string };

const memoryServer = {
  kind: 'refused',
  message: 'There is no Redis or DragonflyDB to name: caches and hot memory are kept in the process.',
  remedy: 'Remove the variable; nothing replaces it.',
} as const;

const documentStore = {
  kind: 'refused',
  message: 'There is no MongoDB to name: everything is kept in PostgreSQL.',
  remedy: 'Remove the variable; set DATABASE_URL or `database.url` for a PostgreSQL of your own.',
} as const;

const vectorStore = {
  kind: 'refused',
  message: 'There is no Weaviate to name: vectors are kept in PostgreSQL.',
  remedy: 'Remove the variable; nothing replaces it.',
} as const;

const signingKey = {
  kind: 'refused',
  message:
    'Tokens are not signed with a shared secret: the identity provider makes and rotates its own keys.',
  remedy: 'Remove the variable; nothing replaces it.',
} as const;

/**
 * Every name that the appliance looks at in the environment and in `.env`, beside `FF_<FEATURE>` and the names that
 * the file asks for with `${NAME}`. They stand over the file; a refused name stops the start. With a name that the file
 * itself asks for only the file decides what it does. An empty variable counts as not set.
 */
export const environmentNames: Readonly<Record<string, EnvironmentOutcome>> = {
  DATABASE_URL: { kind: 'sets', path: ['database', 'url'] },
  WEBHOOK_SECRET: { kind: 'sets', path: ['security', 'webhook_secret'] },
  ENVIRONMENT: { kind: 'sets', path: ['telemetry', 'environment'] },
  DEBUG_MODE: { kind: 'sets_when_true', path: ['logging', 'level'], value: 'debug' },
  ENABLE_MONITORING: { kind: 'switches', feature: 'monitoring' },
  ENABLE_SELF_HEALING: { kind: 'sets', path: ['monitoring', 'self_healing'] },
  SLACK_WEBHOOK_URL: { kind: 'sets', path: ['notifications', 'slack', 'webhook_url'] },
  SMTP_SERVER: { kind: 'sets', path: ['notifications', 'email', 'smtp_server'] },
  LLM_API_KEY: { kind: 'sets', path: ['agents', 'llm', 'api_key'] },
  JWT_SECRET: signingKey,
  SECRET_KEY: signingKey,
  MONGODB_URI: documentStore,
  MONGODB_DATABASE: documentStore,
  DRAGONFLY_URI: memoryServer,
  REDIS_ADDR: memoryServer,
  WEAVIATE_URL: vectorStore,
  WEAVIATE_API_KEY: vectorStore,
  FF_USE_NEW_MEMORY_SERVICE: {
    kind: 'refused',
    message: 'There is one memory service and no older one to choose.',
    remedy: 'Remove the variable; FF_MEMORY switches the memory capability.',
  },
  FF_ENABLE_COST_OPTIMIZATION: {
    kind: 'refused',
    message: 'There is no feature `cost_optimization`.',
    remedy: 'Remove the variable; nothing replaces it.',
  },
};

/** The variable that overrides a feature: `crm_integration` -> `FF_CRM_INTEGRATION`. */
export function flagVariable(feature: string): string {
  return `FF_${feature.toUpperCase().replaceAll('-', '_')}`;
}
