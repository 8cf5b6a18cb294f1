import { emptyRecord, type HostStore, type PluginRecord, type RecordChange } from '../desired.ts';

/** The store in memory; `failing` makes it refuse changes. */
export class FakeStore implements HostStore {
  readonly records = new Map<string, PluginRecord>();
  failing = false;

  async load(): Promise<ReadonlyMap<string, PluginRecord>> {
    return this.records;
  }

  async change(name: string, change: RecordChange): Promise<PluginRecord> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failing) throw new Error('the database is away');
    const stored = this.records.get(name) ?? emptyRecord(name);
    const record = { ...stored, ...change(stored) };
    this.records.set(name, record);
    return record;
  }
}
