/**
 * Runs a plugin's code for at most `limitMs`; rejects with `lateMessage` when it takes longer. The code itself cannot
 * be stopped and goes on: what it still does is its generation's, and counted there.
 */
export async function withTimeLimit<Result>(
  limitMs: number,
  lateMessage: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(lateMessage)), limitMs);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
