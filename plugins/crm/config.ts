import Type from 'typebox';
import type { Static } from 'typebox';
import { AccessConfig } from './access/config.ts';
import { SyncConfig } from './exchange/config.ts';
import { salesforceSettings } from './salesforce/config.ts';
import { RetentionConfig } from './personal-data/retention/config.ts';

/** `features.crm_integration.config` of the client's YAML. */
export const CrmConfig = Type.Object(
  {
    import_max_bytes: Type.Integer({
      minimum: 1_024,
      maximum: 10_737_418_240,
      default: 1_073_741_824,
      description: 'Largest CSV file an import accepts, bytes.',
    }),
    import_batch_rows: Type.Integer({
      minimum: 1,
      maximum: 5_000,
      default: 250,
      description: 'Rows an import commits at a time.',
    }),
    import_retention_days: Type.Integer({
      minimum: 1,
      maximum: 3_650,
      default: 30,
      description: 'How long an import and its refused rows can be read after its end, days.',
    }),
    default_currency: Type.String({
      pattern: '^[A-Z]{3}$',
      default: 'EUR',
      description: 'Currency of deals and products that name none, by its code in ISO 4217.',
    }),
    personal_data_export_hours: Type.Integer({
      minimum: 1,
      maximum: 720,
      default: 24,
      description: 'How long an export of all that is held about a person can be downloaded, hours.',
    }),
    retention: RetentionConfig,
    default_region: Type.Optional(
      Type.String({
        pattern: '^[A-Z]{2}$',
        description:
          'Country of phone numbers that are written without its code, by its code in ISO 3166-1, such as DE; default none: such numbers are compared by their digits.',
      }),
    ),
    access: AccessConfig,
    ...salesforceSettings,
    sync: SyncConfig,
  },
  { additionalProperties: false },
);
export type CrmConfig = Static<typeof CrmConfig>;
