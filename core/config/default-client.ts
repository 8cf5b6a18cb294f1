/** The client of an appliance that is started without a file: loopback only, embedded database, CRM on. */
export const defaultClient = {
  client: { id: 'local', name: 'Local appliance', tier: 'professional', deployment_model: 'self-hosted' },
  features: { crm_integration: true },
} as const;
