import { parse } from 'csv-parse/sync';
import { withSuffix } from './ids.ts';
import { OrgFault } from './org.ts';
import type { Cell, StandInOrg } from './org.ts';
import { runSoql, toCsv } from './rows.ts';
import type { Rows } from './rows.ts';
import { saveCollection, upsertCollection } from './writes.ts';

interface Job {
  readonly id: string;
  readonly object: string;
  readonly operation: string;
  readonly key: string;
  state: string;
  errorMessage: string;
  /** How often it is asked for before it is complete. */
  polls: number;
  rows: Rows | undefined;
  upload: readonly Record<string, string>[];
  readonly done: { readonly row: Record<string, string>; readonly id: string; readonly created: boolean }[];
  readonly failed: { readonly row: Record<string, string>; readonly error: string }[];
}

/** An answer in CSV with its headers. */
export interface CsvAnswer {
  readonly csv: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Bulk API 2.0 jobs of an organisation, complete after a few questions. */
export class BulkJobs {
  readonly jobs = new Map<string, Job>();
  readonly #org: StandInOrg;
  /** Most rows of one part, whatever is asked for. */
  partRows = 50_000;
  /** How often a job is asked for before it is complete. */
  polls = 1;
  /** State in which the next jobs end. */
  ends = 'JobComplete';

  constructor(org: StandInOrg) {
    this.#org = org;
  }

  create(operation: string, object: string, key = '', soql?: string): object {
    const id = withSuffix(`750Qy${String(this.jobs.size + 1).padStart(10, '0')}`);
    const rows = soql === undefined ? undefined : runSoql(this.#org, soql, true);
    const state = soql === undefined ? 'Open' : 'UploadComplete';
    const counts = { polls: this.polls, errorMessage: '', upload: [], done: [], failed: [] };
    const job: Job = { id, object: rows?.object ?? object, operation, key, state, rows, ...counts };
    this.jobs.set(id, job);
    return this.#info(job);
  }

  get(id: string): object {
    const job = this.#find(id);
    if (job.state === 'UploadComplete') job.state = 'InProgress';
    if (job.state === 'InProgress') {
      if (job.polls > 0) job.polls -= 1;
      else this.#run(job);
    }
    return this.#info(job);
  }

  change(id: string, state: string): object {
    const job = this.#find(id);
    job.state = state;
    return this.#info(job);
  }

  delete(id: string): void {
    const job = this.#find(id);
    if (['UploadComplete', 'InProgress'].includes(job.state))
      throw new OrgFault('INVALIDJOBSTATE', 'not ended');
    this.jobs.delete(id);
  }

  upload(id: string, csv: string): void {
    const job = this.#find(id);
    if (job.state !== 'Open') throw new OrgFault('INVALIDJOBSTATE', 'job is not open');
    job.upload = parse(csv, { columns: true });
  }

  /** A part of a query's result. A locator is the row at which its part begins. */
  results(id: string, locator: string | null, maxRecords: string | null): CsvAnswer {
    const job = this.#find(id);
    if (job.state !== 'JobComplete' || job.rows === undefined)
      throw new OrgFault('INVALIDJOBSTATE', job.state);
    const start = locator === null ? 0 : Number(Buffer.from(locator, 'base64url').toString());
    const count = Math.min(this.partRows, Number(maxRecords ?? this.partRows));
    const rows = job.rows.rows.slice(start, start + count);
    const isLast = start + count >= job.rows.rows.length;
    const next = Buffer.from(String(start + count)).toString('base64url');
    return {
      csv: toCsv(this.#org, { ...job.rows, rows }),
      headers: { 'sforce-locator': isLast ? 'null' : next, 'sforce-numberofrecords': String(rows.length) },
    };
  }

  /** Rows of an ingest job by what became of them. */
  ingestResults(id: string, which: string): CsvAnswer {
    const job = this.#find(id);
    const names = Object.keys(job.upload[0] ?? {});
    const of = (row: Record<string, string>): string[] => names.map((name) => row[name] ?? '');
    const tables: Record<string, string[]> = {
      successfulResults: [
        line(['sf__Id', 'sf__Created', ...names]),
        ...job.done.map((each) => line([each.id, String(each.created), ...of(each.row)])),
      ],
      failedResults: [
        line(['sf__Id', 'sf__Error', ...names]),
        ...job.failed.map((each) => line(['', each.error, ...of(each.row)])),
      ],
      unprocessedrecords: [
        line(names),
        ...(job.state === 'JobComplete' ? [] : job.upload.map((row) => line(of(row)))),
      ],
    };
    return { csv: `${(tables[which] ?? []).join('\n')}\n`, headers: {} };
  }

  #run(job: Job): void {
    job.state = this.ends;
    if (this.ends !== 'JobComplete') {
      job.errorMessage = 'InvalidBatch : the stand-in was told to fail';
      return;
    }
    for (const row of job.upload) {
      const cells = Object.entries(row).filter(([, value]) => value !== '');
      const fields: Record<string, Cell> = Object.fromEntries(
        cells.map(([name, value]) => [name, value === '#N/A' ? null : value]),
      );
      const record = { attributes: { type: job.object }, ...fields } as never;
      const [result] =
        job.operation === 'upsert'
          ? upsertCollection(this.#org, job.object, job.key, [record])
          : saveCollection(this.#org, [record], job.operation === 'insert');
      if (result?.success === true) {
        job.done.push({ row, id: result.id ?? '', created: result.created ?? job.operation === 'insert' });
      } else {
        const [error] = (result?.errors ?? []) as { statusCode: string; message: string }[];
        job.failed.push({ row, error: `${error?.statusCode}:${error?.message}:--` });
      }
    }
  }

  #find(id: string): Job {
    const job = this.jobs.get(id);
    if (job === undefined) throw new OrgFault('NOT_FOUND', 'The requested resource does not exist');
    return job;
  }

  #info({ id, object, operation, state, errorMessage }: Job): object {
    const told = errorMessage === '' ? {} : { errorMessage };
    return { id, object, operation, state, contentType: 'CSV', apiVersion: 62, ...told };
  }
}

function line(cells: readonly string[]): string {
  return cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');
}
