/** What the settings of the embedded server depend on. */
export interface SettingsInput {
  /** Major version of the server. */
  readonly major: number;
  readonly socketFolder: string;
  readonly port: number;
  /** Loopback address to listen on as well; none by default. */
  readonly listen: string;
  /** False in tests only: a crash of the machine may then lose data. */
  readonly durable: boolean;
  readonly overrides: Readonly<Record<string, string>>;
}

/**
 * The whole `postgresql.conf`: made for one small machine, within 300 MB together with the appliance.
 * Statements are not logged, since they carry values.
 */
export function serverSettings(input: SettingsInput): string {
  const settings: Record<string, string> = {
    listen_addresses: input.listen,
    port: String(input.port),
    unix_socket_directories: input.socketFolder,
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    max_connections: '60',
    shared_buffers: '64MB',
    work_mem: '8MB',
    maintenance_work_mem: '64MB',
    wal_buffers: '4MB',
    min_wal_size: '64MB',
    max_wal_size: '512MB',
    max_wal_senders: '0',
    max_logical_replication_workers: '0',
    max_worker_processes: '4',
    max_parallel_workers_per_gather: '0',
    autovacuum_max_workers: '2',
    ...(input.major >= 18 ? { io_method: 'sync' } : {}),
    jit: 'off',
    huge_pages: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    datestyle: 'iso, ymd',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
    ...(input.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...input.overrides,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return `# Written at every start; changes here are lost.\n${lines.join('\n')}\n`;
}

/** The whole `pg_hba.conf`: passwords always, loopback and socket only. */
export function accessRules(listen: string): string {
  const rules = ['local all all scram-sha-256'];
  if (listen !== '')
    rules.push('host all all 127.0.0.1/32 scram-sha-256', 'host all all ::1/128 scram-sha-256');
  return `# Written at every start; changes here are lost.\n${rules.join('\n')}\n`;
}
