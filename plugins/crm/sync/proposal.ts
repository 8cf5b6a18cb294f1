import type { Fault } from '@orchestrall/sdk';
import type { FieldValue, RecordSource, TargetField, TargetKind } from '../provider.ts';
import type { ObjectPlan } from './plan.ts';

/** One field there and what becomes of it. */
export interface FieldProposal {
  readonly remote: string;
  readonly label: string;
  /** Type in the words of the outside system. */
  readonly type: string;
  /** Name here; null when it is not taken. */
  readonly local: string | null;
  /** `partly` loses or refuses some values; `custom` needs the field in `custom`, which would have to be made. */
  readonly state: 'whole' | 'partly' | 'custom' | 'left_out' | 'impossible';
  /** What is lost, or why it is not taken. */
  readonly note: string | null;
  readonly custom: TargetField | null;
}

/** One object there and what becomes of it. */
export interface ObjectProposal {
  readonly object: string;
  readonly kind: string | null;
  readonly push: ObjectPlan['push'];
  readonly keyField: string | null;
  readonly fields: readonly FieldProposal[];
}

/** A mapping as it would be. */
export interface MappingProposal {
  readonly objects: readonly ObjectProposal[];
  /** What the administrator's overrides say that cannot be; with any, there are no plans. */
  readonly faults: readonly Fault[];
  /** Names of users there whom nobody here is, up to 200; what they own gets the default owner. */
  readonly strangers: readonly string[];
}

/** One value of a sample, before and after. */
export interface ValuePreview {
  readonly remote: string;
  readonly local: string;
  readonly before: FieldValue;
  /** Absent when it cannot be taken, and for references. */
  readonly after?: FieldValue;
  /** What is cut, or why it cannot be taken. */
  readonly note?: string;
}

/** What CRM asks of an outside system: every provider but the built-in one is made of this. */
export interface SyncProvider {
  readonly source: RecordSource;
  /** What would go where, with the plans of it; `overrides` as the provider's own schema checks them. */
  propose(
    kinds: readonly TargetKind[],
    overrides: unknown,
  ): Promise<{ readonly proposal: MappingProposal; readonly plans: readonly ObjectPlan[] }>;
  /** What up to so many records, those changed last, would become; at most 200. */
  sample(plan: ObjectPlan, count: number): Promise<readonly (readonly ValuePreview[])[]>;
}
