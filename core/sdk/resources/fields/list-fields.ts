import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import type { Field } from './field.ts';
import { aboutColumn, kindOf, refused } from './text-fields.ts';
import type { Described } from './text-fields.ts';

/** How many names are told of a choice that has more. */
const maxTold = 20;

/**
 * Several of these names, or null for none: without doubles, in the order of the choices. `find` brings a given name into
 * the one that is kept; by default they are the same. Text that is one is taken too, since files hold nothing else.
 */
export function multiChoiceField<const Choice extends string>(
  choices: readonly Choice[],
  described: Described,
  find: (given: string) => string | undefined = (given) => given,
) {
  const schema = nullableList(
    Type.Unsafe<Choice>({ type: 'string', enum: [...choices] }),
    choices.length,
    described.description,
  );
  const fault = `must be one of ${toldChoices(choices)}`;
  return {
    schema,
    input: Type.Optional(schema),
    type: 'text[]',
    headers: [],
    ...aboutColumn(described),
    read(given: unknown) {
      if (given === undefined || given === null) return { kept: null, faults: [] };
      const items: unknown = typeof given === 'string' ? [given] : given;
      if (!Array.isArray(items)) return refused(null, `must be a list of texts, is ${kindOf(items)}`);
      const named = items.map((item: unknown) => (typeof item === 'string' ? find(item.trim()) : undefined));
      const faults = named.flatMap((name, index) =>
        choices.some((choice) => choice === name) ? [] : [{ path: `/${index}`, message: fault }],
      );
      const kept = choices.filter((choice) => named.includes(choice));
      return faults.length > 0 ? { kept: null, faults } : { kept: kept.length > 0 ? kept : null, faults };
    },
  } satisfies Field;
}

/** The names of a choice for a message; of many the first. */
export function toldChoices(choices: readonly string[]): string {
  const told = choices.slice(0, maxTold).join(', ');
  return choices.length > maxTold ? `${told} and ${choices.length - maxTold} more` : told;
}

/** A list that may be null; of one type with two names, since the faults of a union say less. */
function nullableList<Item extends TSchema>(item: Item, maxItems: number, description: string) {
  return Type.Unsafe<Static<Item>[] | null>({
    type: ['array', 'null'],
    items: item,
    maxItems,
    description,
  });
}
