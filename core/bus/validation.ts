import { Compile } from 'typebox/compile';
import type { EventDefinition } from '@orchestrall/sdk';
import { busError } from './errors.ts';
import { isEventType } from './pattern.ts';

type Check = (data: unknown) => void;

const checks = new WeakMap<EventDefinition, Check>();
const maxFaults = 20;

/**
 * The check of a definition's data, compiled once per definition.
 * It throws `EVENT_INVALID` (422) with each faulty field as a JSON pointer under `/data`.
 */
export function dataCheck(definition: EventDefinition): Check {
  const known = checks.get(definition);
  if (known !== undefined) return known;
  if (!isEventType(definition.type)) {
    throw busError('EVENT_INVALID', {
      type: definition.type,
      faults: [
        { path: '/type', message: 'must be lower-case words joined by points, as in contact.created' },
      ],
    });
  }
  const validator = Compile(definition.data);
  const check: Check = (data) => {
    if (validator.Check(data)) return;
    const faults = validator
      .Errors(data)
      .slice(0, maxFaults)
      .map((fault) => ({ path: `/data${fault.instancePath}`, message: fault.message }));
    throw busError('EVENT_INVALID', { type: definition.type, faults });
  };
  checks.set(definition, check);
  return check;
}
