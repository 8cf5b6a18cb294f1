import Type from 'typebox';

/** Whether what was kept can still be asked; a part of every answer. */
export const QueryFaults = {
  valid: Type.Boolean({ description: 'Whether it can be used by the caller as it stands.' }),
  faults: Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
    description:
      'Why not: fields that were removed, are of another type now, or that the caller does not see.',
  }),
};
