import type { Database, History } from '@orchestrall/sdk';
import type { CrmConfig } from '../config.ts';
import type { Kinds } from '../kinds.ts';
import { createCopies } from './copies/service.ts';
import type { PersonalDataExports } from './copies/service.ts';
import { createErasures } from './erasure/service.ts';
import type { Erasures } from './erasure/service.ts';
import { createRetention } from './retention/service.ts';
import type { Retention } from './retention/service.ts';

/** What people may ask for about themselves, and how long their data are kept. */
export interface PersonalData {
  readonly exports: PersonalDataExports;
  readonly erasures: Erasures;
  readonly retention: Retention;
}

/** Creates it. */
export function createPersonalData(options: {
  readonly database: Database;
  readonly history: History;
  readonly kinds: Kinds;
  readonly config: Pick<CrmConfig, 'personal_data_export_hours' | 'retention'>;
}): PersonalData {
  const { database, history, kinds, config } = options;
  return {
    exports: createCopies({ database, kinds, keepHours: config.personal_data_export_hours }),
    erasures: createErasures({ database, history, kinds }),
    retention: createRetention(database, config.retention),
  };
}
