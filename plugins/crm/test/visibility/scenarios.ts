import type { AccessRule, RoleAccess } from '../../access/config.ts';
import type { Rules } from './model.ts';
import { allKinds, samples } from './samples.ts';

type Reach = AccessRule['records'];

/** How much of a record a rule leaves. */
interface Kept {
  readonly hides?: boolean;
  readonly protects?: boolean;
}

/** Rules of one role for every kind, each with its own reach. */
function ruled(
  reachOf: (index: number) => Reach,
  { hides = false, protects = false }: Kept = {},
): RoleAccess {
  return Object.fromEntries(
    allKinds.map(({ table }, index) => {
      const { hidden, readOnly } = samples[table];
      const rule = {
        records: reachOf(index),
        hidden: hides ? [hidden] : [],
        read_only: protects ? [readOnly[0]] : [],
      };
      return [table, rule];
    }),
  );
}

const reaches: readonly Reach[] = ['own', 'team', 'all'];
const alternately = (index: number): Reach => reaches[index % reaches.length] ?? 'all';
const atLeastTeam = (index: number): Reach => (alternately(index) === 'own' ? 'team' : 'all');

/** The rules under which the whole matrix is asked. An operator sees what a viewer does, as the product demands. */
export const scenarios: readonly (Rules & { readonly name: string })[] = [
  {
    name: 'teams',
    access: { viewer: ruled(() => 'team'), operator: ruled(() => 'team', { protects: true }) },
  },
  {
    name: 'own records, fields hidden from viewers',
    access: { viewer: ruled(() => 'own', { hides: true }), operator: ruled(() => 'own') },
  },
  {
    name: 'teams, fields hidden from all',
    access: {
      viewer: ruled(() => 'team', { hides: true, protects: true }),
      operator: ruled(() => 'all', { hides: true, protects: true }),
    },
  },
  {
    name: 'another rule for each kind',
    access: { viewer: ruled(alternately), operator: ruled(atLeastTeam) },
  },
];
