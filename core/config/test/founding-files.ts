/** The client file as operators of the first system have it; it must load as it stands. */
export const acmeClient = `# clients/acme-corp/config.yaml

client:
  id: acme-corp
  name: ACME Corporation
  tier: enterprise
  deployment_model: hybrid

features:
  # Core features (always enabled)
  authentication: true
  authorization: true
  audit_logging: true

  # Business features (configurable)
  crm_integration:
    enabled: true
    provider: salesforce
    config:
      instance_url: \${SALESFORCE_URL}
      api_version: v59.0
`;

/** A production file of another system, whose keys are honoured or refused one by one. */
export const productionFile = `# config/production.yaml
database:
  path: "data/orch.db"
  pool_size: 10
  timeout: 30

security:
  jwt_secret: "\${JWT_SECRET}"
  jwt_expiry: 3600
  webhook_secret: "\${WEBHOOK_SECRET}"
  rate_limit:
    requests_per_minute: 100
    burst_size: 20

monitoring:
  interval: 60
  metrics_retention: 2592000  # 30 days
  alert_thresholds:
    cpu_percent: 80
    memory_percent: 85
    disk_usage_percent: 90

notifications:
  slack:
    webhook_url: "\${SLACK_WEBHOOK_URL}"
    channel: "#orch-alerts"
  email:
    smtp_server: "\${SMTP_SERVER}"
    from_address: "orch@company.com"
`;
