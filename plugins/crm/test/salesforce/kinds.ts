import type { TargetKind } from '../../provider.ts';

/** Kinds of records as CRM has them, small enough to read. */
export const kinds: readonly TargetKind[] = [
  {
    name: 'companies',
    fields: [
      { name: 'name', type: 'text', required: true, maxLength: 60 },
      { name: 'parent_id', type: 'reference', references: 'companies' },
      { name: 'phone', type: 'phone', maxLength: 50 },
      { name: 'industry', type: 'choice', choices: ['Energy', 'Media'] },
      { name: 'employees', type: 'integer' },
      { name: 'custom_regions', type: 'multi_choice' },
    ],
  },
  {
    name: 'contacts',
    fields: [
      { name: 'first_name', type: 'text', maxLength: 40 },
      { name: 'last_name', type: 'text', required: true, maxLength: 80 },
      { name: 'email', type: 'email', maxLength: 254 },
      { name: 'phone', type: 'phone', maxLength: 50 },
      { name: 'company_id', type: 'reference', references: 'companies' },
    ],
  },
  {
    name: 'deals',
    fields: [
      { name: 'name', type: 'text', required: true, maxLength: 200 },
      { name: 'company_id', type: 'reference', references: 'companies' },
      { name: 'amount', type: 'decimal', scale: 2 },
      { name: 'stage', type: 'text', maxLength: 100 },
      { name: 'close_date', type: 'date' },
    ],
  },
  {
    name: 'activities',
    fields: [
      { name: 'type', type: 'choice', choices: ['task', 'meeting'] },
      { name: 'subject', type: 'text', maxLength: 255 },
      { name: 'due_on', type: 'date' },
      { name: 'starts_at', type: 'date_time' },
      { name: 'contact_id', type: 'reference', references: 'contacts' },
      { name: 'company_id', type: 'reference', references: 'companies' },
      { name: 'deal_id', type: 'reference', references: 'deals' },
    ],
  },
];
