import Type from 'typebox';
import type { Static } from 'typebox';

/** Where packed plugins lie and what plugins may reach. */
export const Plugins = Type.Object(
  {
    paths: Type.Array(
      Type.String({
        minLength: 1,
        description: 'A folder with plugins, or one plugin: a packed file or a source folder.',
        'x-path': true,
      }),
      {
        default: [],
        uniqueItems: true,
        maxItems: 64,
        description:
          'Folders with plugins, packed files and source folders; relative to the file they stand in. They are watched, also through symbolic links: what is put there, exchanged or removed takes effect while the appliance runs. The code of a source folder is read once a process: a correction of code that could be read, and was wrong, needs a start, or the folder under another name. A packed file may have at most 64 MiB.',
        examples: [['/var/lib/orchestrall/plugins']],
      },
    ),
    hosts: Type.Record(
      Type.String({ pattern: '^[a-z][a-z0-9-]{1,39}$' }),
      Type.Array(
        Type.String({
          pattern: '^(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*(:[0-9]{1,5})?$',
          description: 'A host, `*.domain` or `host:port`.',
          'x-expected': '`example.com`, `*.example.com` or `example.com:8443`',
        }),
        { uniqueItems: true, maxItems: 256 },
      ),
      {
        default: {},
        description:
          'Per plugin, the hosts it may call; its manifest must ask for them too. None by default.',
        'x-applies': 'live',
        examples: [{ crm: ['*.my.salesforce.com'] }],
      },
    ),
    drain_timeout: Type.Integer({
      default: 30,
      minimum: 0,
      maximum: 3_600,
      description:
        'How long what is in flight in a plugin may take to finish when it is switched or stopped.',
      'x-unit': 'seconds',
    }),
  },
  { default: {}, description: 'Packed plugins, and what plugins may reach.', 'x-applies': 'restart' },
);
export type Plugins = Static<typeof Plugins>;
