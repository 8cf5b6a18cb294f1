import Type from 'typebox';
import type { Static } from 'typebox';

/** The long form of a feature; the short form is a boolean. */
export const FeatureSettings = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'Whether the capability is on.' }),
    provider: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9_-]{0,39}$',
        description: 'Which of the installed providers serves the capability.',
        examples: ['salesforce'],
        'x-expected': 'lower-case letters, digits, `-` and `_`, at most 40, a letter first',
      }),
    ),
    config: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "The plugin's configuration; keys may stand here or in the plugin's own section.",
      }),
    ),
  },
  { description: 'The long form.' },
);
export type FeatureSettings = Static<typeof FeatureSettings>;
