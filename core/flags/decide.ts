/** An explicit setting with the instant it was made, by the database's clock. */
export interface Setting {
  readonly enabled: boolean;
  readonly changedAt: Date;
  /** Who set it, where known. */
  readonly by?: string | undefined;
}

/** All that is known of one flag. */
export interface FlagSources {
  /** Set while the kill switch is pulled. */
  readonly kill?: Omit<Setting, 'enabled'> | undefined;
  /** Override by a variable of the environment or of the `.env` beside the YAML, for as long as it is set. */
  readonly environment?: { readonly enabled: boolean; readonly variable: string } | undefined;
  /** Value in the client's YAML; `changedAt` moves only when an edit changes this very value. */
  readonly yaml?: Setting | undefined;
  /** Last change through the administrators' API. */
  readonly admin?: Setting | undefined;
}

/** Who decided a flag; `default` where nobody has set it. */
export type FlagSource = 'kill_switch' | 'environment' | 'yaml' | 'admin' | 'default';

/** The value of a flag, and who decided it. */
export interface Decision {
  readonly enabled: boolean;
  readonly decidedBy: FlagSource;
}

/**
 * Who decides a flag: the kill switch, then the environment, then the latest explicit change among the client's
 * YAML and the administrators' API, else `fallback`. At the same instant the API wins, because a person acted.
 */
export function decide(sources: FlagSources, fallback: boolean): Decision {
  if (sources.kill !== undefined) return { enabled: false, decidedBy: 'kill_switch' };
  if (sources.environment !== undefined) {
    return { enabled: sources.environment.enabled, decidedBy: 'environment' };
  }
  const { yaml, admin } = sources;
  if (admin !== undefined && (yaml === undefined || admin.changedAt >= yaml.changedAt)) {
    return { enabled: admin.enabled, decidedBy: 'admin' };
  }
  if (yaml !== undefined) return { enabled: yaml.enabled, decidedBy: 'yaml' };
  return { enabled: fallback, decidedBy: 'default' };
}
