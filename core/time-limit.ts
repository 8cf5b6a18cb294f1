/**
 * Waits at most `limitMs` for work; rejects with an Error of `lateMessage` when it takes longer. The work itself cannot
 * be stopped and goes on; nobody hears how it ends then.
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
