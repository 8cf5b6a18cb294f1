export { createAppliance } from './kernel/appliance.ts';
export type { Appliance, ApplianceOptions } from './kernel/appliance-options.ts';
