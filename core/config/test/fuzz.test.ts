import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigurationError } from '../faults.ts';
import { clientFolder } from './client-folder.ts';
import { acmeClient, productionFile } from './founding-files.ts';

const sources = [acmeClient, `client: {id: a}\n${productionFile}`];
const splice = fc.record({
  source: fc.constantFrom(...sources),
  at: fc.nat({ max: 400 }),
  cut: fc.nat({ max: 30 }),
  text: fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      '${',
      '}',
      ': ',
      '\n',
      '\t',
      '- ',
      '&a ',
      '*a',
      '!x ',
      '"',
      "'",
      '#',
      '[',
      '{',
      '|',
      '>',
      '%',
      '?',
      '\r',
    ),
  ),
});

test('a mangled file either loads or gives faults with a message, an expectation and a remedy each', async () => {
  await using folder = await clientFolder();
  await fc.assert(
    fc.asyncProperty(splice, async ({ source, at, cut, text }) => {
      await folder.write('client.yaml', source.slice(0, at) + text + source.slice(at + cut));
      const outcome: unknown = await folder.load().catch((error: unknown) => error);
      if (!(outcome instanceof Error)) return;
      expect(outcome).toBeInstanceOf(ConfigurationError);
      if (!(outcome instanceof ConfigurationError)) return;
      expect(outcome.faults.length).toBeGreaterThan(0);
      for (const fault of outcome.faults)
        for (const part of [fault.message, fault.expected, fault.found, fault.remedy])
          expect(part).not.toBe('');
    }),
    { numRuns: 500 },
  );
});
