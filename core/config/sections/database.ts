import { secretText } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';

/** Which PostgreSQL, and how the pool to it behaves. */
export const Database = Type.Object(
  {
    url: Type.Optional(
      secretText({
        pattern: '^postgres(ql)?://\\S+$',
        description: 'PostgreSQL 15 or newer; without it the appliance runs its own, in its data folder.',
        examples: ['postgresql://orchestrall@db.acme.example/orchestrall'],
        'x-expected': 'a URL that starts with `postgresql://`',
        'x-remedy':
          'Write postgresql://user:password@host:5432/name, or leave the key out for the embedded PostgreSQL; SQLite and MongoDB are not supported.',
      }),
    ),
    pool_size: Type.Integer({
      default: 10,
      minimum: 2,
      maximum: 500,
      description:
        'Most connections the appliance holds open. From 3 on, a fifth of them, at least one, is kept for the core.',
      'x-unit': 'connections',
    }),
    timeout: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 3_600,
      description:
        'Longest wait for a free connection, and longest run of one statement. A database that answers nobody at all is given up on after about 5 seconds whatever stands here: requests get 503 until it answers.',
      'x-unit': 'seconds',
    }),
  },
  { default: {}, description: 'The PostgreSQL that holds everything.', 'x-applies': 'restart' },
);
export type Database = Static<typeof Database>;
