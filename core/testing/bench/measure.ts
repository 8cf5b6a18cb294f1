/** One line of a benchmark's result, the same in every room. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number;
  /** The peer's figure in the same run; null where there is none. */
  readonly peer: number | null;
  readonly unit: string;
  /** Ours against the peer's; null without a peer. */
  readonly ratio: number | null;
  /** The promise, in words; `none` where the figure is only printed. */
  readonly target: string;
  /** True where there is no promise. */
  readonly met: boolean;
}

/** Prints rows one to a line, then all of them as one line of JSON, which `npm run bench` reads. */
export function report(rows: readonly BenchRow[]): void {
  for (const row of rows) {
    const ratio =
      row.ratio === null ? '' : `, ${row.ratio.toFixed(2)} x the peer's ${formatFigure(row.peer ?? 0)}`;
    const verdict = row.target === 'none' ? '' : ` (target ${row.target}: ${row.met ? 'met' : 'MISSED'})`;
    process.stdout.write(`${row.name}: ${formatFigure(row.ours)} ${row.unit}${ratio}${verdict}\n`);
  }
  process.stdout.write(`${JSON.stringify(rows)}\n`);
}

/** A line without a peer. */
export function figure(name: string, ours: number, unit: string, target = 'none', met = true): BenchRow {
  return { name, ours, peer: null, unit, ratio: null, target, met };
}

/** A line whose ratio to the peer's figure is what was promised, such as `<= 1.05 x`. */
export function compared(options: {
  readonly name: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  /** Bound of ours divided by the peer's; default none. */
  readonly atMost?: number;
}): BenchRow {
  const { name, ours, peer, unit, atMost } = options;
  const ratio = ours / peer;
  const target = atMost === undefined ? 'none' : `<= ${atMost} x`;
  return { name, ours, peer, unit, ratio, target, met: atMost === undefined || ratio <= atMost };
}

/** The middle value; of an even number the lower of the two. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value that `percent` of a hundred do not exceed; NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

/** Whole numbers from a thousand on, else three digits. */
export function formatFigure(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
