import type { MetricOptions, Metrics } from '@orchestrall/sdk';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CoreLog } from './logs.ts';
import { LabelLimit } from './label-limit.ts';

type Kind = 'counter' | 'gauge' | 'histogram';

interface Known {
  readonly kind: Kind;
  readonly shape: string;
  readonly metric: Counter | Gauge | Histogram;
  readonly limit: LabelLimit;
}

/** One generation's hold on its plugin's metrics. */
export interface PluginMetrics {
  readonly api: Metrics;
  /** Lets go; the metrics leave the registry when no generation of the plugin holds them. */
  release(): void;
}

/**
 * The plugins' metrics, named `orch_<plugin>_<name>`. Generations of one plugin share them, so that counters go on over
 * a swap; a metric declared with other labels or another kind replaces the former one.
 */
export class MetricsRegistry {
  readonly registry: Registry;
  readonly #log: CoreLog;
  readonly #plugins = new Map<string, { holders: number; readonly metrics: Map<string, Known> }>();

  constructor(options: { readonly registry?: Registry; readonly log: CoreLog }) {
    this.registry = options.registry ?? new Registry();
    this.#log = options.log;
  }

  /** Opens the metrics of a plugin for one generation. */
  open(plugin: string): PluginMetrics {
    const entry = this.#plugins.get(plugin) ?? { holders: 0, metrics: new Map<string, Known>() };
    this.#plugins.set(plugin, entry);
    entry.holders += 1;
    let released = false;
    return {
      api: this.#api(plugin, entry.metrics),
      release: () => {
        if (released) return;
        released = true;
        entry.holders -= 1;
        if (entry.holders > 0) return;
        for (const name of entry.metrics.keys()) this.registry.removeSingleMetric(name);
        this.#plugins.delete(plugin);
      },
    };
  }

  #api(plugin: string, metrics: Map<string, Known>): Metrics {
    const find = (kind: Kind, options: MetricOptions<string> & { buckets?: readonly number[] }): Known => {
      const name = metricName(plugin, options.name);
      const shape = JSON.stringify([kind, options.labels ?? [], options.buckets ?? []]);
      const known = metrics.get(name);
      if (known?.shape === shape) return known;
      if (known !== undefined) this.registry.removeSingleMetric(name);
      const metric = create(kind, name, options, this.registry);
      const made = { kind, shape, metric, limit: new LabelLimit(name, this.#log) };
      metrics.set(name, made);
      return made;
    };
    return {
      counter: (options) => {
        const { metric, limit } = find('counter', options);
        return { add: (value = 1, labels) => count(metric, limit.bound(labels), value) };
      },
      gauge: (options) => {
        const { metric, limit } = find('gauge', options);
        return { set: (value, labels) => set(metric, limit.bound(labels), value) };
      },
      histogram: (options) => {
        const { metric, limit } = find('histogram', options);
        return { observe: (value, labels) => observe(metric, limit.bound(labels), value) };
      },
    };
  }
}

function count(metric: Known['metric'], labels: Record<string, string>, value: number): void {
  if (metric instanceof Counter) metric.inc(labels, value);
}

function set(metric: Known['metric'], labels: Record<string, string>, value: number): void {
  if (metric instanceof Gauge) metric.set(labels, value);
}

function observe(metric: Known['metric'], labels: Record<string, string>, value: number): void {
  if (metric instanceof Histogram) metric.observe(labels, value);
}

function create(
  kind: Kind,
  name: string,
  options: MetricOptions<string> & { buckets?: readonly number[] },
  registry: Registry,
): Known['metric'] {
  const common = { name, help: options.help, labelNames: options.labels ?? [], registers: [registry] };
  if (kind === 'counter') return new Counter(common);
  if (kind === 'gauge') return new Gauge(common);
  return new Histogram({
    ...common,
    ...(options.buckets === undefined ? {} : { buckets: [...options.buckets] }),
  });
}

function metricName(plugin: string, name: string): string {
  if (/^[a-z][a-z0-9_]*$/.test(name)) return `orch_${plugin.replaceAll('-', '_')}_${name}`;
  throw new TypeError(`the metric name "${name}" must be snake_case, such as contacts_total`);
}
