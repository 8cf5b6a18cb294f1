import type { DeploymentModel, Tier } from './sections/client.ts';
import { nodeAt, putAt, scalar } from './source/tree.ts';
import type { MappingNode, Place } from './source/tree.ts';

/** What a preset sets, by path; the file overrides each of them. */
export type Preset = Readonly<Record<string, string | number>>;

/** Limits of each tier. */
export const tierPresets: Readonly<Record<Tier, Preset>> = {
  starter: {
    'database.pool_size': 5,
    'security.rate_limit.requests_per_minute': 60,
    'security.rate_limit.burst_size': 10,
    'events.retention_days': 14,
  },
  professional: {
    'database.pool_size': 10,
    'security.rate_limit.requests_per_minute': 100,
    'security.rate_limit.burst_size': 20,
    'events.retention_days': 30,
  },
  enterprise: {
    'database.pool_size': 20,
    'security.rate_limit.requests_per_minute': 600,
    'security.rate_limit.burst_size': 120,
    'events.retention_days': 90,
  },
};

/** What differs by where the appliance runs. */
export const deploymentPresets: Readonly<Record<DeploymentModel, Preset>> = {
  'self-hosted': { 'server.host': '127.0.0.1', 'logging.format': 'auto' },
  hybrid: { 'server.host': '127.0.0.1', 'logging.format': 'json' },
  'cloud-native': { 'server.host': '0.0.0.0', 'logging.format': 'json' },
};

/** Puts the presets of tier and deployment model under a tree: only where it says nothing itself. */
export function applyPresets(tree: MappingNode, tier: Tier, model: DeploymentModel): void {
  const place: Place = { file: 'built-in defaults' };
  for (const preset of [tierPresets[tier], deploymentPresets[model]])
    for (const [path, value] of Object.entries(preset)) {
      const keys = path.split('.');
      if (nodeAt(tree, keys) === undefined) putAt(tree, keys, scalar(value, place));
    }
}

/** The preset that a tree names, or the default where it names none or a wrong one, which validation reports. */
export function presetsNamedBy(tree: MappingNode): { tier: Tier; model: DeploymentModel } {
  const tier = textAt(tree, ['client', 'tier']);
  const model = textAt(tree, ['client', 'deployment_model']);
  return {
    tier: isTier(tier) ? tier : 'professional',
    model: isModel(model) ? model : 'self-hosted',
  };
}

function textAt(tree: MappingNode, path: readonly string[]): string {
  const node = nodeAt(tree, path);
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : '';
}

function isTier(text: string): text is Tier {
  return Object.hasOwn(tierPresets, text);
}

function isModel(text: string): text is DeploymentModel {
  return Object.hasOwn(deploymentPresets, text);
}
