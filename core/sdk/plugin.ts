import type { Static, TObject } from 'typebox';
import type { PluginContext } from './context.ts';
import type { Contract, Needs } from './contract.ts';
import type { EventDefinition } from './events.ts';

/** Names, versions and promises of a plugin; the host checks all of it before any of its code runs. */
export interface PluginManifest {
  /** Lower case, digits and `-`, 2 to 40 characters, unique in the appliance. */
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** Semantic version range of the core it runs on. */
  readonly engine: string;
  /** Keys under `features` in the client's YAML that switch it, together one switch; default the name with `_` for `-`. */
  readonly features?: readonly string[];
  /** URL prefixes it serves, such as `/api/v1/crm`; the longest match at a segment border wins. */
  readonly prefixes?: readonly string[];
  /**
   * Hosts it may call, `example.com`, `*.example.com` or `host:port`, and `config:key` for that of the address which its
   * configuration has under this key; the client's YAML must allow them too.
   */
  readonly hosts?: readonly string[];
  /**
   * Extensions of PostgreSQL that its tables and statements use: `btree_gin`, `citext`, `fuzzystrmatch`, `pg_trgm`,
   * `unaccent`; none by default. They are there before its migrations run, and found without a schema's name.
   */
  readonly extensions?: readonly string[];
  /** Oldest version that code can go back to over this version's migrations; default none refused. */
  readonly rollbackFloor?: string;
  /** Providers its configuration may name, such as `builtin`, `salesforce`; the first is the default. */
  readonly providers?: readonly string[];
}

/** What `setup` returns to the host. */
export interface SetupResult<Service> {
  /** The service that `provides` promises. */
  readonly service: Service;
}

/** A plugin as it is declared: its manifest, and what its code gives and needs. */
export interface PluginDefinition<
  Config extends TObject = TObject,
  Declared extends Needs = Needs,
  Service = unknown,
  Emitted extends EventDefinition = EventDefinition,
  Offered extends EventDefinition = EventDefinition,
> extends PluginManifest {
  /** Events it may emit beside those of `provides`; others do not compile in `setup` and throw `EVENT_NOT_DECLARED`. */
  readonly emits?: readonly Emitted[];
  /** Schema of the plugin's own section of the client's YAML; default an empty object. */
  readonly config?: Config;
  /** Other plugins' contracts, by the name under which `services` gives them. */
  readonly needs?: Declared;
  readonly provides?: Contract<string, Service, Offered>;
  /** Wires the plugin: routes, subscriptions, jobs. Nothing goes live before it has resolved. */
  setup(
    context: PluginContext<Static<Config>, Declared, NoInfer<Emitted | Offered>>,
  ): SetupReturn<NoInfer<Service>>;
}

/** A plugin that provides a contract must return its service; one that does not returns nothing. */
type SetupReturn<Service> = unknown extends Service
  ? void | Promise<void>
  : SetupResult<Service> | Promise<SetupResult<Service>>;

/** Declares a plugin; the default export of `plugin.ts`. Types of the context follow from `config`, `needs`, `emits` and `provides`. */
export function definePlugin<
  const Config extends TObject = TObject<{}>,
  const Declared extends Needs = {},
  Service = unknown,
  Emitted extends EventDefinition = never,
  Offered extends EventDefinition = never,
>(
  definition: PluginDefinition<Config, Declared, Service, Emitted, Offered>,
): PluginDefinition<Config, Declared, Service, Emitted, Offered> {
  return definition;
}
