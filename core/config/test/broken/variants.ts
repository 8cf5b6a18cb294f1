import { brokenEnvironment } from './environment.ts';
import { brokenFeatures } from './features.ts';
import { brokenKeys } from './keys.ts';
import type { BrokenVariant } from './variant.ts';
import { brokenValues } from './values.ts';
import { brokenYaml } from './yaml.ts';

/** Broken configurations, each with the fault that it must give. */
export const brokenVariants: readonly BrokenVariant[] = [
  ...brokenYaml,
  ...brokenKeys,
  ...brokenValues,
  ...brokenFeatures,
  ...brokenEnvironment,
];
