import type { CoreLog } from '../telemetry/logs.ts';
import type { Stages } from './stages.ts';

/** `EX_SOFTWARE` of sysexits.h. */
const crashExitCode = 70;

/** Whether the appliance starts, serves or stops, where it listens, and how it comes to its end. */
export class Lifecycle {
  readonly #stages: Stages;
  readonly #log: CoreLog;
  #phase: 'starting' | 'serving' | 'stopping' = 'starting';
  #url: string | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: { readonly stages: Stages; readonly log: CoreLog }) {
    this.#stages = options.stages;
    this.#log = options.log;
  }

  /** Why requests are not to be sent here; undefined while they are. */
  get notServing(): 'starting' | 'stopping' | undefined {
    return this.#phase === 'serving' ? undefined : this.#phase;
  }

  /** Where it listens, such as `http://127.0.0.1:8000`; undefined before it does. */
  get url(): string | undefined {
    return this.#url;
  }

  listensAt(url: string): void {
    this.#url = url;
  }

  /** The start is complete. */
  serves(): void {
    if (this.#phase === 'starting') this.#phase = 'serving';
  }

  /** Lets go of requests and plugins, then stops every stage, last started first. Idempotent; never rejects. */
  async stop(reason: string): Promise<void> {
    this.#stopped ??= this.#stop(reason);
    await this.#stopped;
  }

  /** Ends the process after an error of the core that nothing caught: what it still holds is not to be trusted. */
  crash(error: unknown): void {
    this.#log.critical({ error }, 'uncaught error in the core: the process ends');
    void this.#stopAndExit();
  }

  async #stopAndExit(): Promise<never> {
    await this.stop('uncaught error');
    process.exit(crashExitCode);
  }

  async #stop(reason: string): Promise<void> {
    this.#log.info({ reason }, 'stopping');
    this.#phase = 'stopping';
    await this.#stages.stop();
    this.#log.info({}, 'stopped');
  }
}
