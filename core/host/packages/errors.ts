import { defineErrors } from '@orchestrall/sdk';

/** Errors of finding, packing and loading plugins. */
export const packageErrors = {
  PLUGIN_INVALID: {
    status: 422,
    message: 'The plugin at {file} cannot be used: {reason}.',
    remedy: '{remedy}',
  },
} as const;

/** Creates an error of the packages' table. */
export const packageFailure = defineErrors(packageErrors);
