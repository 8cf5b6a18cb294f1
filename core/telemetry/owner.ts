/** What kind of work a generation has in flight. */
export type WorkKind = 'request' | 'stream' | 'event' | 'job' | 'call' | 'timer' | 'listener';

/**
 * One plugin generation as the lower rooms see it: whoever calls a plugin's code does so through `run`, which
 * counts the work as in flight, sets the scope and attributes errors to the plugin.
 */
export interface Owner {
  readonly plugin: string;
  readonly version: string;
  readonly generation: number;
  /** Runs the plugin's code; its result or error is handed on unchanged. */
  run<Result>(kind: WorkKind, work: () => Promise<Result>): Promise<Result>;
}

/**
 * What a room registers for one generation. The host switches it: registrations made during `setup` do nothing
 * until `activate`, which is synchronous so that routes, subscriptions and workers go live in one step.
 */
export interface Registration<Api> extends AsyncDisposable {
  /** The face given to the plugin's context. */
  readonly api: Api;
  /** Work that must be in place before the switch, such as durable rows; after `setup`, before `activate`. */
  prepare(): Promise<void>;
  /** Begins to deliver to this generation; again, after `deactivate`, when a switch is taken back. */
  activate(): void;
  /** Takes nothing new; what runs goes on and is counted by the owner. */
  deactivate(): void;
}
