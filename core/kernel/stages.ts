import type { Log } from '@orchestrall/sdk';

interface Stage {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
}

/** What has been started, in order, so that it is stopped in the reverse order whatever happens. */
export class Stages {
  readonly #stages: Stage[] = [];
  readonly #drains: Stage[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Starts a stage and remembers how to stop it; a start that fails leaves nothing to stop. */
  async start<Result>(
    name: string,
    start: () => Promise<Result> | Result,
    stop: (started: Result) => Promise<void> | void = () => {},
  ): Promise<Result> {
    const startedAt = performance.now();
    const started = await start();
    this.#stages.push({ name, stop: async () => stop(started) });
    this.#log.debug({ stage: name, duration_ms: Math.round(performance.now() - startedAt) }, 'started');
    return started;
  }

  /** Remembers what a stop does first, while every stage still runs: letting what is under way come to its end. */
  drainBeforeStop(name: string, drain: () => Promise<void>): void {
    this.#drains.push({ name, stop: drain });
  }

  /** Drains, then stops everything, last started first; one that fails is logged and does not keep the others. */
  async stop(): Promise<void> {
    await this.#stopAll(this.#drains);
    await this.#stopAll(this.#stages);
  }

  async #stopAll(stages: Stage[]): Promise<void> {
    for (let stage = stages.pop(); stage !== undefined; stage = stages.pop()) {
      try {
        await stage.stop();
        this.#log.debug({ stage: stage.name }, 'stopped');
      } catch (error) {
        this.#log.error({ error, stage: stage.name }, 'could not be stopped in order');
      }
    }
  }
}
