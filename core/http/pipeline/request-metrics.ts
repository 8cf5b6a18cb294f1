import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

interface Sample {
  readonly metricName?: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
}

const durationName = 'orch_http_request_duration_seconds';
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts of one method and route pattern; kept across generations, so that counters never go back. */
export class EndpointMetrics {
  readonly method: string;
  readonly endpoint: string;
  readonly statuses = new Map<number, number>();
  readonly bucketCounts = new Float64Array(buckets.length);
  count = 0;
  sumSeconds = 0;

  constructor(method: string, endpoint: string) {
    this.method = method;
    this.endpoint = endpoint;
  }

  /** Counts one answered request. */
  observe(status: number, seconds: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    this.count += 1;
    this.sumSeconds += seconds;
    const bucket = buckets.findIndex((bound) => seconds <= bound);
    if (bucket !== -1) this.bucketCounts[bucket] = (this.bucketCounts[bucket] ?? 0) + 1;
  }
}

/**
 * `orch_http_requests_total{method,status,endpoint}` and `orch_http_request_duration_seconds{method,endpoint}`.
 * Plain numbers are kept per route and turned into metrics when they are read, which keeps counting cheap; the endpoint
 * is the route's pattern, so the number of series is bounded by the number of routes.
 */
export class RequestMetrics {
  readonly #endpoints = new Map<string, EndpointMetrics>();

  constructor(registry: Registry) {
    const requests = {
      name: 'orch_http_requests_total',
      help: 'Requests answered',
      labelNames: ['method', 'status', 'endpoint'],
    };
    const durations = {
      name: durationName,
      help: 'Seconds from the request to the end of its answer',
      labelNames: ['method', 'endpoint'],
    };
    // The registered metrics only describe themselves; their values are ours.
    const counter = new Counter({ ...requests, registers: [registry] });
    const counterShape = new Counter({ ...requests, registers: [] });
    const histogram = new Histogram({ ...durations, registers: [registry] });
    const histogramShape = new Histogram({ ...durations, registers: [] });
    counter.get = async () => ({ ...(await counterShape.get()), values: this.#totals() });
    histogram.get = async () => ({ ...(await histogramShape.get()), values: this.#durations() });
    // The registry prefers this over `get`.
    Object.assign(histogram, { getForPromString: () => histogram.get() });
  }

  /** The counts of a route, made when first asked for. */
  endpoint(method: string, pattern: string): EndpointMetrics {
    const key = `${method} ${pattern}`;
    let metrics = this.#endpoints.get(key);
    if (metrics === undefined) {
      metrics = new EndpointMetrics(method, pattern);
      this.#endpoints.set(key, metrics);
    }
    return metrics;
  }

  /** Requests answered since the start. */
  get total(): number {
    let total = 0;
    for (const { count } of this.#endpoints.values()) total += count;
    return total;
  }

  #totals(): Sample[] {
    return [...this.#endpoints.values()].flatMap(({ method, endpoint, statuses }) =>
      [...statuses].map(([status, value]) => ({
        labels: { method, status: String(status), endpoint },
        value,
      })),
    );
  }

  #durations(): Sample[] {
    return [...this.#endpoints.values()].filter(({ count }) => count > 0).flatMap(histogramValues);
  }
}

function histogramValues(metrics: EndpointMetrics): Sample[] {
  const labels = { method: metrics.method, endpoint: metrics.endpoint };
  let below = 0;
  const values: Sample[] = buckets.map((bound, index) => {
    below += metrics.bucketCounts[index] ?? 0;
    return { metricName: `${durationName}_bucket`, labels: { ...labels, le: bound }, value: below };
  });
  return [
    ...values,
    { metricName: `${durationName}_bucket`, labels: { ...labels, le: '+Inf' }, value: metrics.count },
    { metricName: `${durationName}_sum`, labels, value: metrics.sumSeconds },
    { metricName: `${durationName}_count`, labels, value: metrics.count },
  ];
}
