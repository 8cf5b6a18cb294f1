/** Structured log of this plugin; a record's first argument holds fields, the second the message. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The clock; tests turn it by hand. */
export interface Clock {
  now(): Date;
  /** Milliseconds from an arbitrary start, never going back. */
  monotonicMs(): number;
}

/** Timers that end with the generation; an error thrown in one is the plugin's, logged and counted. */
export interface Timers {
  /** Calls back every `intervalMs` after the last call has ended. */
  every(intervalMs: number, work: () => void | Promise<void>): Disposable;
  /** Calls back once. */
  after(delayMs: number, work: () => void | Promise<void>): Disposable;
}

/** Feature flags as they stand now. */
export interface Flags {
  /** Whether the flag is on for this appliance; an unknown flag is `fallback`, default false. */
  isEnabled(name: string, fallback?: boolean): boolean;
  /** Calls back after each change of the flag. */
  watch(name: string, listener: (enabled: boolean) => void): void;
}

/** Name and meaning of a metric; `labels` are the names of its dimensions, none by default. */
export interface MetricOptions<Label extends string> {
  /** snake_case with its unit; exported as `orch_<plugin>_<name>`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** Prometheus metrics of this plugin; asking twice for one name gives the same metric. */
export interface Metrics {
  counter<const Label extends string = never>(
    options: MetricOptions<Label>,
  ): { add(value?: number, labels?: Labels<Label>): void };
  gauge<const Label extends string = never>(
    options: MetricOptions<Label>,
  ): { set(value: number, labels?: Labels<Label>): void };
  histogram<const Label extends string = never>(
    options: MetricOptions<Label> & { readonly buckets?: readonly number[] },
  ): { observe(value: number, labels?: Labels<Label>): void };
}

/** Health of one component: `degraded` serves with limits, `unhealthy` does not serve. */
export interface HealthResult {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** Why, for signed-in readers; no secret. */
  readonly reason?: string;
}

/** Health checks of this plugin, shown in `GET /health` as `<plugin>.<name>`. */
export interface Health {
  /** A check longer than `timeoutMs` (default 2,000) counts as unhealthy. */
  register(
    name: string,
    check: () => Promise<HealthResult> | HealthResult,
    options?: { readonly timeoutMs?: number },
  ): void;
}
