import Type from 'typebox';
import type { Static } from 'typebox';

/** How much the client bought; each tier is a preset of limits that the file may override (`presets.ts`). */
export const Tier = Type.Enum(['starter', 'professional', 'enterprise'], {
  default: 'professional',
  description: 'How much the client bought: a preset of limits, each of which the file may override.',
});
export type Tier = Static<typeof Tier>;

/** Where the appliance runs; each model is a preset that the file may override (`presets.ts`). */
export const DeploymentModel = Type.Enum(['self-hosted', 'hybrid', 'cloud-native'], {
  default: 'self-hosted',
  description: 'Where the appliance runs: a preset, each value of which the file may override.',
});
export type DeploymentModel = Static<typeof DeploymentModel>;

/** The customer the appliance is configured for. */
export const Client = Type.Object(
  {
    id: Type.String({
      pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
      description: 'Identifies the client in logs, metrics and bundles.',
      examples: ['acme-corp'],
      'x-expected': 'lower-case letters, digits and `-`, 1 to 63 characters, no `-` at either end',
    }),
    name: Type.String({
      default: '',
      maxLength: 200,
      description: 'Name shown to people; default the id.',
      examples: ['ACME Corporation'],
    }),
    tier: Tier,
    deployment_model: DeploymentModel,
  },
  {
    description: 'The customer this appliance is configured for.',
    'x-applies': 'restart',
    'x-remedy': 'Add `client:` with an `id:` below it, such as `id: acme-corp`.',
  },
);
export type Client = Static<typeof Client>;
