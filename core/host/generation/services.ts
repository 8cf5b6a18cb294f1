import { coreError } from '../../errors.ts';
import type { Owner } from '../../telemetry/owner.ts';

/** A service as one generation offers it. */
export interface OfferedService {
  readonly owner: Owner;
  readonly contractVersion: string;
  readonly service: object;
}

type Method = (...parameters: unknown[]) => Promise<unknown>;

/**
 * Services of the active generations by contract name. Consumers hold a facade that follows the provider
 * through upgrades; each call is counted on the generation that serves it.
 */
export class ServiceHub {
  readonly #offers = new Map<string, OfferedService>();
  readonly #closed = new WeakSet<OfferedService>();
  /** The plugin that offered a contract last, by contract name. */
  readonly #providers = new Map<string, string>();

  /** Puts a generation's service in the place of its predecessor's. */
  publish(contract: string, offer: OfferedService): void {
    this.#offers.set(contract, offer);
    this.#providers.set(contract, offer.owner.plugin);
  }

  /** Hides the service from whoever asks anew; consumers that are draining may call it until `withdraw`. */
  close(contract: string, owner: Owner): void {
    const offer = this.#offers.get(contract);
    if (offer?.owner === owner) this.#closed.add(offer);
  }

  /** Takes a service away, unless another generation has taken its place meanwhile. */
  withdraw(contract: string, owner: Owner): void {
    if (this.#offers.get(contract)?.owner === owner) this.#offers.delete(contract);
  }

  isOffered(contract: string): boolean {
    const offer = this.#offers.get(contract);
    return offer !== undefined && !this.#closed.has(offer);
  }

  /** The object a consumer calls; methods throw `PLUGIN_DISABLED` while nobody offers the contract. */
  facade(contract: string): object {
    const methods = new Map<string, Method>();
    return new Proxy(Object.freeze({}), {
      get: (_target, property) => {
        // A promise resolves by asking for `then`: a facade must not look like one.
        if (typeof property === 'symbol' || property === 'then') return undefined;
        let method = methods.get(property);
        if (method === undefined) {
          method = async (...parameters) => this.#call(contract, property, parameters);
          methods.set(property, method);
        }
        return method;
      },
    });
  }

  async #call(contract: string, name: string, parameters: unknown[]): Promise<unknown> {
    const offer = this.#offers.get(contract);
    if (offer === undefined) {
      // A consumer is built after its provider served, so there has been one.
      throw coreError('PLUGIN_DISABLED', { plugin: this.#providers.get(contract) ?? contract, contract });
    }
    const method: unknown = Reflect.get(offer.service, name);
    if (typeof method !== 'function') {
      throw new TypeError(
        `the service of contract ${contract} ${offer.contractVersion} has no method ${name}`,
      );
    }
    return offer.owner.run('call', async () => Reflect.apply(method, offer.service, parameters) as unknown);
  }
}
