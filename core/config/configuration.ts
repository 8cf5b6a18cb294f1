import Type from 'typebox';
import type { Static } from 'typebox';
import { Client } from './sections/client.ts';
import { Database } from './sections/database.ts';
import { Events } from './sections/events.ts';
import { Logging } from './sections/logging.ts';
import { Plugins } from './sections/plugins.ts';
import { Security } from './sections/security.ts';
import { Server } from './sections/server.ts';
import { Telemetry } from './sections/telemetry.ts';
import { Webhooks } from './sections/webhooks.ts';

/** The core's own sections of a client's YAML; `features` and plugins' sections stand beside them. */
export const CoreSections = Type.Object({
  client: Client,
  server: Server,
  database: Database,
  security: Security,
  logging: Logging,
  telemetry: Telemetry,
  events: Events,
  plugins: Plugins,
  webhooks: Webhooks,
});
export type CoreSections = Static<typeof CoreSections>;

/** One feature as it stands after file, environment and defaults. */
export interface Feature {
  readonly enabled: boolean;
  /** The provider that the file names; null for the plugin's own default. */
  readonly provider: string | null;
}

/** A client's configuration with presets and defaults applied; secrets in it are `Secret`s. */
export interface Configuration extends CoreSections {
  /** Every feature of the core and of installed plugins, by its key. */
  readonly features: Readonly<Record<string, Feature>>;
  /**
   * Configuration of installed plugins by section (`crm`), read by their own schemas. A plugin whose provider is not
   * installed, or that is off and lacks required keys, has none.
   */
  readonly sections: Readonly<Record<string, unknown>>;
}
