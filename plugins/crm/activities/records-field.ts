import { isId } from '@orchestrall/sdk';
import type { Fault } from '@orchestrall/sdk';
import { Nullable, isObject, keepText, readText, refused } from '@orchestrall/sdk/resources';
import type { Field } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { objectsColumn, readItems } from '../fields/list-of-objects.ts';
import { subjectTypes } from '../records/kind.ts';
import { RecordLink, RecordLinkInput, maxLinkRoleLength, maxLinkedRecords } from './record-link.ts';

const Links = Type.Array(RecordLink, { description: 'The records it is about, in the order given.' });
const Input = Type.Array(RecordLinkInput, {
  maxItems: maxLinkedRecords,
  description: `The records it is about, up to ${maxLinkedRecords}; replaced whole.`,
});

/** The records that an activity is about, each once; whether they are there is for the kind to find out. */
export function recordsField() {
  return {
    schema: Links,
    input: Type.Optional(Nullable(Input)),
    ...objectsColumn,
    read(given: unknown) {
      const { items, fault } = readItems(given, 'records', maxLinkedRecords);
      if (fault !== undefined) return refused([], fault);
      const read = items.map((item, index) => readLink(item, `/${index}`));
      const links = read.flatMap(({ link }) => link ?? []);
      const faults = read.flatMap((one) => one.faults);
      const twice = links.findIndex(({ id }, index) => links.findIndex((link) => link.id === id) < index);
      if (faults.length === 0 && twice >= 0)
        faults.push({ path: `/${twice}/id`, message: 'is there already; name each record once' });
      return { kept: links, faults };
    },
  } satisfies Field;
}

const members = Object.keys(RecordLinkInput.properties);

function readLink(
  given: unknown,
  at: string,
): { readonly link?: RecordLink; readonly faults: readonly Fault[] } {
  if (!isObject(given))
    return { faults: [{ path: at, message: `must be a record such as {"kind":"contact","id":"..."}` }] };
  const faults: Fault[] = Object.keys(given)
    .filter((name) => !members.includes(name))
    .map((name) => ({
      path: `${at}/${name}`,
      message: `is not part of a record; parts are ${members.join(', ')}`,
    }));
  const kind = subjectTypes.find((name) => name === given['kind']);
  if (kind === undefined)
    faults.push({ path: `${at}/kind`, message: `must be one of ${subjectTypes.join(', ')}` });
  const { id } = given;
  const known = typeof id === 'string' && isId(id) ? id.toLowerCase() : undefined;
  if (known === undefined)
    faults.push({ path: `${at}/id`, message: 'must be an id, such as 01890a5d-ac96-774b-bcce-b302099a8057' });
  const role = readText(given['role'], (text) => keepText(text, maxLinkRoleLength));
  for (const { message } of role.faults) faults.push({ path: `${at}/role`, message });
  if (faults.length > 0 || kind === undefined || known === undefined) return { faults };
  return { link: { kind, id: known, role: role.kept }, faults };
}
