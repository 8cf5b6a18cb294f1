import { Nullable, kindOf, refused } from '@orchestrall/sdk/resources';
import type { Field } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { keepTag, maxTagLength, maxTags } from './tag.ts';

/** Tags of a record; lower case, sorted. */
const Tags = Type.Array(Type.String({ minLength: 1, maxLength: maxTagLength }), { maxItems: maxTags });

/** Tags: normalised, without doubles, sorted; none when absent. */
export function tagsField() {
  return {
    schema: Tags,
    input: Type.Optional(Nullable(Tags)),
    type: 'text[]',
    required: true,
    headers: ['tag', 'labels', 'categories'],
    read(given: unknown) {
      const items: unknown = given ?? [];
      if (!Array.isArray(items)) return refused([], `must be a list of texts, is ${kindOf(items)}`);
      const tags = items.map((item: unknown) =>
        typeof item === 'string' ? keepTag(item) : { fault: `must be text, is ${kindOf(item)}` },
      );
      const kept = [...new Set(tags.flatMap(({ text }) => text ?? []))].toSorted();
      const faults = tags.flatMap(({ fault }, index) =>
        fault === undefined ? [] : [{ path: `/${index}`, message: fault }],
      );
      if (kept.length > maxTags) {
        faults.push({ path: '', message: `must be at most ${maxTags} tags, are ${kept.length}` });
      }
      return { kept, faults };
    },
  } satisfies Field;
}
