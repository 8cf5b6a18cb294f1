/** What may go wrong with one request. */
export type FaultKind =
  | 'unavailable'
  | 'retry_after'
  | 'retry_in_an_hour'
  | 'expired_session'
  | 'html'
  | 'broken_json'
  | 'cut_off'
  | 'reset'
  | 'answer_lost'
  | 'limit';

/** Every kind that passes when the request is sent again. */
export const passingFaults: readonly FaultKind[] = [
  'unavailable',
  'retry_after',
  'expired_session',
  'html',
  'broken_json',
  'cut_off',
  'reset',
  'answer_lost',
];

/** Which requests meet which faults: those put in line come first, then by chance of a seed. */
export class FaultPlan {
  readonly #line: { readonly kind: FaultKind; readonly path: RegExp }[] = [];
  readonly #share: number;
  readonly #kinds: readonly FaultKind[];
  #state: number;
  /** How many of each were met. */
  readonly met = new Map<FaultKind, number>();

  /** @param share of the requests that meet a fault by chance, 0 to 1 */
  constructor(seed = 1, share = 0, kinds: readonly FaultKind[] = passingFaults) {
    this.#state = seed >>> 0 || 1;
    this.#share = share;
    this.#kinds = kinds;
  }

  /** The next request to such a path meets this fault, so many times. */
  queue(kind: FaultKind, path: RegExp, times = 1): void {
    for (let count = 0; count < times; count += 1) this.#line.push({ kind, path });
  }

  /** The fault of a request. */
  take(path: string): FaultKind | undefined {
    const index = this.#line.findIndex((each) => each.path.test(path));
    const kind = index === -1 ? this.#byChance() : this.#line.splice(index, 1)[0]?.kind;
    if (kind !== undefined) this.met.set(kind, (this.met.get(kind) ?? 0) + 1);
    return kind;
  }

  #byChance(): FaultKind | undefined {
    if (this.#share === 0 || this.random() >= this.#share) return undefined;
    return this.#kinds[Math.floor(this.random() * this.#kinds.length)];
  }

  /** The next number of the plan, in [0, 1) (xorshift, https://www.jstatsoft.org/article/view/v008i14). */
  random(): number {
    this.#state ^= this.#state << 13;
    this.#state >>>= 0;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state / 4_294_967_296;
  }
}
