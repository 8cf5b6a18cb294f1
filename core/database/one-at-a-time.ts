/** Runs work one after the other, in the order in which it is given; each caller hears of its own result. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Creates a queue of its own. */
export function oneAtATime(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const run = last.then(work);
    // A failure is its caller's; whoever comes next only waits for the end.
    last = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  };
}
