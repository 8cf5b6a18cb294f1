/** What the page says before its tables; the example is loaded by a test. */
export const introduction = `One YAML file describes one client: who it is, which capabilities are on, and how the appliance serves. \`npm start -- --config FILE\` starts with it; without a file a built-in client runs on loopback with CRM on. Editors check the file against [configuration.schema.json](configuration.schema.json):

\`\`\`yaml
# yaml-language-server: $schema=./configuration.schema.json
client:
  id: acme-corp
  name: ACME Corporation
  tier: enterprise
  deployment_model: self-hosted

features:
  crm_integration: true

server:
  host: 0.0.0.0
  public_url: https://orchestrall.acme.example
  trusted_proxies:
    - 10.42.0.0/16

security:
  webhook_secret: \${WEBHOOK_SECRET}
  rate_limit:
    requests_per_minute: \${REQUESTS_PER_MINUTE:-300}

logging:
  levels:
    bus: debug
\`\`\`

The file is YAML 1.2 in UTF-8, at most 1 MiB, without anchors, aliases, tags and merge keys. Unknown keys are refused. Relative paths are meant from the folder of the file.`;

/** How values are taken from elsewhere. */
export const interpolationText = `## Values from elsewhere

| text | becomes |
| --- | --- |
| \`\${NAME}\` | the variable, from the environment or from \`.env\` beside the file; not set is a fault |
| \`\${NAME:-default}\` | the variable, or \`default\` where it is not set or empty; there is no other \`\${...}\` in a default |
| \`\${file:/path}\` | the text of a file of at most 64 KiB, without its last line end; always a secret |
| \`$\${\` | \`\${\` itself |

They may stand anywhere in a value, several in one. A text made this way is read as what its key wants: \`port: \${PORT}\` is a number. In braces and brackets quote them: \`["\${NAME}"]\`. Secrets never show in logs, errors, differences or the system API; write them as \`\${file:...}\` or \`\${NAME}\` rather than into the file.`;

/** How faults and edits are handled. */
export function watchingText(exitCode: number): string {
  return `## Faults

All faults are told at once, each with file, line, column, path, what was expected, the kind of what was found (never the value) and the remedy; the process then exits with code ${exitCode}:

\`\`\`text
/etc/orchestrall/client.yaml:12:5  security.rate_limit.burst
  There is no key \`burst\` here.
  expected: one of \`requests_per_minute\`, \`burst_size\`
  found:    an unknown key
  remedy:   Did you mean \`burst_size\`?
\`\`\`

## Edits while running

The file, the \`.env\` beside it and the files behind \`\${file:...}\` are watched: edits in place, replacement by rename, and the exchange of a symbolic link on the way to them, as Kubernetes does with a ConfigMap. A broken edit changes nothing: the last good configuration stays, and \`/health\` says why. Replace the file by rename where you can: a file that is written slowly in place may be read while half of it is there.

## Versions

Every configuration that came into force is a version, with its time, its hash and what differs from the version before: \`GET /api/v1/system/configuration/versions\`. That holds across restarts: a start with an edited file, or with a secret that was rotated meanwhile, makes a version with the difference, and a start with the same configuration makes none; replicas on one database share their versions. Kept are the values, and of a secret only an HMAC under the appliance's key, by which a rotated one is told and shown as \`[secret]\`. With \`database.url\` that key comes from the password in it: when that changes, every secret counts as changed. The newest 1,000 versions are kept, the values of the newest 100.`;
}
