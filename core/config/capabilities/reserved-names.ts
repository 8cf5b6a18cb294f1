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
