import { isAppError } from '@orchestrall/sdk';
import { gt, rcompare } from 'semver';
import { Backoff } from './backoff.ts';
import { emptyRecord, type DesiredPlugin, type PluginRecord } from './desired.ts';
import { errorMessage } from '../telemetry/error-message.ts';
import type { Generation } from './generation/generation.ts';
import type { AvailablePlugin } from './packages/discover.ts';

/** Where a plugin stands, as the API shows it. */
export type PluginState = 'off' | 'preparing' | 'active' | 'failed';

/** A generation as the reconciler moves it. */
export type RunningGeneration = Pick<
  Generation,
  | 'plugin'
  | 'version'
  | 'generation'
  | 'definition'
  | 'target'
  | 'routes'
  | 'activate'
  | 'deactivate'
  | 'check'
  | 'drain'
>;

/** Why the last attempt at a target failed, and when the next one is due. */
export interface Failure {
  readonly target: string;
  readonly version: string;
  readonly reason: string;
  /** On the monotonic clock, milliseconds. */
  readonly retryAtMs: number;
}

/** Why a desired plugin cannot run: its provider is off (no fault) or has failed, or its manifest cannot be resolved. */
export interface Refusal {
  readonly reason: string;
  readonly isFault: boolean;
}

/** Everything the host knows of one plugin. */
export class Slot {
  readonly name: string;
  /** By version. */
  readonly available = new Map<string, AvailablePlugin>();
  desired: DesiredPlugin = { enabled: false, provider: undefined, config: {} };
  record: PluginRecord;
  /** The last write or reading of `record`, whatever came of it. */
  remembering: Promise<void> = Promise.resolve();
  current: RunningGeneration | undefined;
  /** The target that `current` was built for. */
  currentTarget: string | undefined;
  activatedAtMs = 0;
  /** Generations that are going, each with the promise of its end. */
  readonly draining = new Map<RunningGeneration, Promise<void>>();
  failure: Failure | undefined;
  readonly backoff = new Backoff();
  refusal: Refusal | undefined;
  /** A generation is being built or switched: one change at a time. */
  isBusy = false;
  /** The change that is under way, or the last one. */
  change: Promise<void> = Promise.resolve();
  generations = 0;
  reloads = 0;
  /** Before the first wish is known a plugin counts as being started, not as switched off. */
  state: PluginState = 'preparing';
  /** It is off, or has been until what is being prepared serves: callers get the same answer all that time. */
  isGateClosed = false;
  since: Date;

  constructor(name: string, now: Date) {
    this.name = name;
    this.since = now;
    this.record = emptyRecord(name);
  }

  /** The version that should run: the newest at hand, unless a rollback holds an older one. */
  get targetVersion(): string | undefined {
    const newest = [...this.available.keys()].toSorted(rcompare)[0];
    const { hold } = this.record;
    if (newest === undefined || hold === undefined || gt(newest, hold.above)) return newest;
    return this.available.has(hold.version) ? hold.version : newest;
  }

  get targetPackage(): AvailablePlugin | undefined {
    return this.targetVersion === undefined ? undefined : this.available.get(this.targetVersion);
  }

  /** Names one exact wish: a new generation is due whenever it differs from the one that `current` was built for. */
  get target(): string {
    const { provider, config } = this.desired;
    return JSON.stringify([
      this.targetVersion,
      this.targetPackage?.fingerprint,
      this.reloads,
      this.record.reloads,
      provider,
      config,
    ]);
  }

  /** What is wanted has been tried, and failed. */
  get hasFailed(): boolean {
    return this.failure?.target === this.target;
  }

  /** An explicit wish is tried at once, whatever failed before. */
  forgive(): void {
    this.failure = undefined;
    this.backoff.forgive();
  }

  enter(state: PluginState, now: Date): void {
    if (this.state === state) return;
    this.isGateClosed = state === 'off' || (state === 'preparing' && this.isGateClosed);
    this.state = state;
    this.since = now;
  }
}

/** Plugins that serve before the others: what two of them claim belongs to the one that is active. */
export function servingFirst(slots: Iterable<Slot>): Slot[] {
  return [...slots].toSorted((a, b) => Number(b.current !== undefined) - Number(a.current !== undefined));
}

/** Longest reason shown for what is no error of ours, characters. */
const maxReasonCharacters = 2_000;

/**
 * The reason to show for a failure: the message, and what to do where that is known. It goes into the API, health and
 * an event: what a driver or client of the plugin threw may hold a password.
 */
export function failureReason(error: unknown): string {
  if (isAppError(error)) return `${error.message} ${error.remedy}`;
  return errorMessage(error, maxReasonCharacters);
}
