import type { Fault } from '@orchestrall/sdk';
import { isId } from '@orchestrall/sdk';
import { isObject, keepText, kindOf, readText, refused } from '@orchestrall/sdk/resources';
import type { Field } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { foldName } from '../fields/folded.ts';
import { Stage, StageInput, maxNameLength, maxStages, outcomes } from './stage.ts';
import type { Outcome } from './stage.ts';

/** The stages of a pipeline, in order; a new one has the empty text as its id until it is written. */
export function stagesField() {
  const schema = Type.Array(Stage, { description: 'In the order of the pipeline.' });
  return {
    schema,
    input: Type.Array(StageInput, {
      minItems: 1,
      maxItems: maxStages,
      description:
        'In order, replaced whole: a stage with its `id` stays, one without is added, one that is left out is removed.',
    }),
    type: 'jsonb',
    required: true,
    filterable: false,
    sortable: false,
    headers: [],
    read(given: unknown) {
      if (!Array.isArray(given)) return refused([], `must be a list of stages, is ${kindOf(given ?? null)}`);
      if (given.length === 0 || given.length > maxStages) {
        return refused([], `must be 1 to ${maxStages} stages, are ${given.length}`);
      }
      const read = given.map((item: unknown, index) => readStage(item, `/${index}`));
      const kept = read.map(({ stage }) => stage);
      const faults = read.flatMap((one) => one.faults);
      return { kept, faults: faults.length > 0 ? faults : [...together(kept)] };
    },
  } satisfies Field;
}

type Read = { readonly stage: Stage; readonly faults: readonly Fault[] };

const blank: Stage = { id: '', name: '', probability: 0, outcome: 'open' };
const members = new Set(Object.keys(StageInput.properties));

function readStage(given: unknown, at: string): Read {
  if (!isObject(given)) {
    return { stage: blank, faults: [{ path: at, message: `must be a stage, is ${kindOf(given)}` }] };
  }
  const faults: Fault[] = [];
  const fault = (name: string, message: string) => faults.push({ path: `${at}/${name}`, message });
  for (const name of Object.keys(given)) {
    if (!members.has(name)) fault(name, `is not part of a stage; parts are ${[...members].join(', ')}`);
  }
  const { id = '', outcome: said = 'open' } = given;
  if (typeof id !== 'string' || (id !== '' && !isId(id))) fault('id', 'must be the id of a stage');
  const { kept: name, faults: unnamed } = readText(given['name'], (text) => keepText(text, maxNameLength));
  for (const { message } of unnamed) fault('name', message);
  if (name === null && unnamed.length === 0) fault('name', 'must be given; a stage has a name');
  const outcome = outcomes.find((one) => one === said);
  if (outcome === undefined) fault('outcome', `must be one of ${outcomes.join(', ')}`);
  const certain = certainty[outcome ?? 'open'];
  const { probability = certain ?? 50 } = given;
  const whole = typeof probability === 'number' && Number.isInteger(probability) ? probability : -1;
  if (whole < 0 || whole > 100) fault('probability', 'must be a whole number from 0 to 100');
  else if (certain !== undefined && whole !== certain) {
    fault('probability', `must be ${certain} of a ${outcome} stage`);
  }
  const stage = { id: typeof id === 'string' ? id.toLowerCase() : '', name: name ?? '', probability: whole };
  return { stage: { ...stage, outcome: outcome ?? 'open' }, faults };
}

/** What is closed is certain. */
const certainty: Readonly<Record<Outcome, number | undefined>> = { open: undefined, won: 100, lost: 0 };

function* together(stages: readonly Stage[]): Generator<Fault> {
  const names = new Set<string>();
  const ids = new Set<string>();
  for (const [index, { id, name }] of stages.entries()) {
    const folded = foldName(name);
    if (names.has(folded)) yield { path: `/${index}/name`, message: `is the name of two stages: ${name}` };
    if (id !== '' && ids.has(id)) yield { path: `/${index}/id`, message: 'names a stage twice' };
    names.add(folded);
    ids.add(id);
  }
  if (!stages.some(({ outcome }) => outcome === 'open')) {
    yield { path: '', message: 'must hold an open stage, in which deals begin' };
  }
}
