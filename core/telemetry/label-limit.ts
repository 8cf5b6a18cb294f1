import type { Log } from '@orchestrall/sdk';

/** Series of one metric; more would let input fill the memory. */
const maxSeries = 1_000;

/** Bounds the label values of one metric: what comes after the first 1,000 series is counted under `other`. */
export class LabelLimit {
  readonly #name: string;
  readonly #log: Pick<Log, 'warn'>;
  readonly #seen = new Set<string>();
  #warned = false;

  constructor(name: string, log: Pick<Log, 'warn'>) {
    this.#name = name;
    this.#log = log;
  }

  /** The labels themselves, or the same names with `other` when they would open one series too many. */
  bound(labels: Readonly<Record<string, string>> | undefined): Record<string, string> {
    if (labels === undefined) return {};
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    if (this.#seen.has(key)) return labels;
    if (this.#seen.size < maxSeries) {
      this.#seen.add(key);
      return labels;
    }
    if (!this.#warned) {
      this.#warned = true;
      this.#log.warn({ metric: this.#name, max_series: maxSeries }, 'a metric has too many label values');
    }
    return Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']));
  }
}
