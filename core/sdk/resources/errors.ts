import { defineErrors } from '../errors.ts';

/** Errors that every resource answers with alike; part of the core's table. */
export const resourceErrors = {
  CURSOR_INVALID: {
    status: 400,
    message: 'The cursor {cursor} was not given out for this list.',
    remedy:
      'Use `next_cursor` of the page before with the same filters and order, or leave the cursor out to begin again.',
  },
  RECORD_NOT_FOUND: {
    status: 404,
    message: 'There is no {resource} with the id {id}.',
    remedy: 'List what there is: GET {path}.',
  },
  BATCH_REFUSED: {
    status: 409,
    message: '{failed} of {items} changes cannot be made, so none was made.',
    remedy: 'Correct what `results` names, or send the batch without `atomic`.',
  },
  BULK_CHANGE_NOT_FOUND: {
    status: 404,
    message: 'There is no bulk change with the id {id}.',
    remedy: 'List your bulk changes: GET {path}/bulk.',
  },
  BULK_CHANGE_ENDED: {
    status: 409,
    message: 'The bulk change {id} has ended: it is {status}.',
    remedy: 'Undo what it has changed, if that is what you want.',
  },
  BULK_CHANGE_NOT_UNDOABLE: {
    status: 409,
    message: 'The bulk change {id} cannot be undone: {reason}.',
    remedy: 'Wait until it has ended, or change the records anew.',
  },
} as const;

/** Creates an error of this table. */
export const resourceError = defineErrors(resourceErrors);
