import type { Caller } from '@orchestrall/sdk';
import type { ListRequest, Page } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Kinds } from '../kinds.ts';
import type { Outcome } from '../pipelines/stage.ts';
import { createRecordService, requireRecord } from '../records/service.ts';
import type { RecordService, RecordServiceOptions } from '../records/service.ts';
import type { DealFields } from './fields.ts';
import { sumDeals } from './forecast.ts';
import type { DealStage, ForecastSum } from './schemas.ts';
import { listStages } from './stage-history.ts';

/** Decisions about deals. Codes: `DEAL_NOT_FOUND`, `EXTERNAL_ID_TAKEN`. */
export interface Deals extends RecordService<DealFields> {
  /** What the deals of a list that have this status come to. Throws `VALIDATION_FAILED`. */
  forecast(request: ListRequest, status: Outcome | 'all', by: Caller): Promise<ForecastSum[]>;
  /** Where a deal has been and for how long, the present stage first. Throws `DEAL_NOT_FOUND`, `CURSOR_INVALID`. */
  stagesOf(id: string, page: Pick<ListRequest, 'cursor' | 'limit'>, by: Caller): Promise<Page<DealStage>>;
}

/** Creates the service of deals. */
export function createDealService(kinds: Kinds, options: RecordServiceOptions): Deals {
  const { database, access } = options;
  const records = createRecordService(kinds.deals, options);
  return {
    ...records,

    async forecast(request, status, by) {
      const { conditions } = await records.source(request, by);
      const asked = status === 'all' ? [] : [sql`deals.status = ${status}`];
      return sumDeals(database, { conditions: [...conditions, ...asked] }, access.viewOf(by, 'deal'));
    },

    async stagesOf(id, page, by) {
      const view = access.viewOf(by, 'deal');
      const deal = await requireRecord(kinds.deals, database, id, view.condition);
      if (view.hidden.has('stage_id')) return { items: [], next_cursor: null };
      return listStages(database, deal.id, page);
    },
  };
}
