import { createAppliance } from '../../kernel/appliance.ts';
import type { ApplianceOptions } from '../../kernel/appliance-options.ts';

/** What the parent sends first. */
export type ProcessOptions = Pick<ApplianceOptions, 'file' | 'dataFolder' | 'connection' | 'repository'>;

/** What comes back: once when it is ready, and a line for each log record. */
export type ProcessMessage =
  | { readonly kind: 'ready'; readonly url: string; readonly token: string }
  | { readonly kind: 'log'; readonly record: Readonly<Record<string, unknown>> };

const tell = (message: ProcessMessage): void => {
  if (process.connected) process.send?.(message);
};

process.once('message', (options: ProcessOptions) => void serve(options));

async function serve(options: ProcessOptions): Promise<void> {
  const appliance = await createAppliance({
    ...options,
    environment: {},
    overrides: { 'server.port': '0' },
    logDestination: { write: (line) => tell({ kind: 'log', record: JSON.parse(line) }) },
  });
  // Ends with the channel to the parent.
  process.once('disconnect', () => {
    void appliance.stop('the test has ended').finally(() => process.exit());
  });
  const token = await appliance.rooms.auth.issueLocalToken('admin');
  tell({ kind: 'ready', url: appliance.url, token });
}
