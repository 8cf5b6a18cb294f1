import type { EventDefinition } from './events.ts';

declare const serviceType: unique symbol;

/** A service as others may call it: methods that return promises, so that calls can be counted and drained. */
export type ServiceShape<Service> = {
  readonly [Key in keyof Service]: (...parameters: never[]) => Promise<unknown>;
};

/** What a plugin offers to others: a name, a version, its service's type and its events. */
export interface Contract<
  Name extends string = string,
  Service = unknown,
  Emitted extends EventDefinition = EventDefinition,
> {
  readonly name: Name;
  /** Semantic version of the contract, not of the plugin. */
  readonly version: string;
  readonly events: readonly Emitted[];
  /** Carries the service's type; has no value. */
  readonly [serviceType]?: Service;
}

/** Declares a contract: `defineContract<CrmService>()({ name: 'crm', version: '1.0.0', events })`. */
export function defineContract<Service extends ServiceShape<Service>>() {
  return <const Name extends string, Emitted extends EventDefinition = never>(contract: {
    readonly name: Name;
    readonly version: string;
    readonly events?: readonly Emitted[];
  }): Contract<Name, Service, Emitted> => ({ ...contract, events: contract.events ?? [] });
}

/** A need for another plugin's contract. */
export interface Need<Service = unknown, Required extends boolean = boolean> {
  readonly contract: Contract<string, Service>;
  /** Semantic version range of the contract. */
  readonly range: string;
  readonly required: Required;
}

/** The plugin runs only while this contract is provided; switching the provider off switches it off first. */
export function required<Service>(contract: Contract<string, Service>, range: string): Need<Service, true> {
  return { contract, range, required: true };
}

/** The plugin runs with or without; `services.<name>` is undefined while the provider is off. */
export function optional<Service>(contract: Contract<string, Service>, range: string): Need<Service, false> {
  return { contract, range, required: false };
}

/** A plugin's needs, by the name under which `services` gives each. */
export type Needs = Readonly<Record<string, Need>>;

/** Services by the names of the manifest's `needs`; each follows its provider through upgrades. */
export type Services<Declared extends Needs> = {
  readonly [Key in keyof Declared]: Declared[Key] extends Need<infer Service, infer Required>
    ? Required extends true
      ? Service
      : Service | undefined
    : never;
};
