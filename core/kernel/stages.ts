import type { Log } from '@orchestrall/sdk';

interface Stage {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
}

/** What has been started, in order, so that it is stopped in the reverse order whatever happens. */
export class Stages {
  readonly #stages: Stage[] = [];
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

  /** Stops everything, last started first; one that fails is logged and does not keep the others from stopping. */
  async stop(): Promise<void> {
    for (let stage = this.#stages.pop(); stage !== undefined; stage = this.#stages.pop()) {
      try {
        await stage.stop();
        this.#log.debug({ stage: stage.name }, 'stopped');
      } catch (error) {
        this.#log.error({ error, stage: stage.name }, 'could not be stopped in order');
      }
    }
  }
}
