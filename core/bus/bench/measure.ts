/** One line of a benchmark's result, the same in every room. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number;
  /** The peer's figure in the same run; null where there is none. */
  readonly peer: number | null;
  readonly unit: string;
  /** Ours against the peer's; null without a peer. */
  readonly ratio: number | null;
  /** The promise, in words. */
  readonly target: string;
  readonly met: boolean;
}

/** Prints rows as a table and as one line of JSON. */
export function report(rows: readonly BenchRow[]): void {
  for (const row of rows) {
    const ratio = row.ratio === null ? '' : `, ${row.ratio.toFixed(2)} x the peer's ${format(row.peer ?? 0)}`;
    const verdict = row.met ? 'met' : 'MISSED';
    process.stdout.write(
      `${row.name}: ${format(row.ours)} ${row.unit}${ratio} (target ${row.target}: ${verdict})\n`,
    );
  }
  process.stdout.write(`${JSON.stringify(rows)}\n`);
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value that `percent` of a hundred do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

function format(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
