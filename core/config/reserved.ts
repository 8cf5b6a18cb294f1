/** Names of the product's own capabilities, under `features` and as sections, whether installed or not. */
export const reservedNames = [
  'crm_integration',
  'agents',
  'memory',
  'monitoring',
  'notifications',
  'tasks',
  'workflows',
  'projects',
  'audit',
  'console',
] as const;

/** Sections that are reserved beside those names: plugins whose feature key is another word. */
export const reservedSections = [...reservedNames, 'crm'] as const;

/** Features of the core that cannot be switched off: `false` is refused. */
export const alwaysOnFeatures = ['authentication', 'authorization', 'audit_logging'] as const;

/** Keys that other systems' files have and this one refuses, with what to write instead. */
export const refusedKeys: Readonly<Record<string, { readonly message: string; readonly remedy: string }>> = {
  'database.path': {
    message: 'There is no database file to name: everything is kept in PostgreSQL.',
    remedy:
      'Remove the key; start with --data FOLDER to choose where the embedded PostgreSQL keeps its files, or set `database.url`.',
  },
  'security.jwt_secret': {
    message:
      'Tokens are not signed with a shared secret: the identity provider makes and rotates its own keys.',
    remedy: 'Remove the key, and the variable behind it; nothing replaces it.',
  },
};
