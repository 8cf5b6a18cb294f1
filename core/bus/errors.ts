import { defineErrors } from '@orchestrall/sdk';

/** Errors of the bus; part of the core's error table. */
export const busErrors = {
  EVENT_INVALID: {
    status: 422,
    message: 'The event {type} cannot be accepted as it is.',
    remedy: 'Correct each field that `faults` names.',
  },
  EVENT_NOT_DECLARED: {
    status: 500,
    message: 'The plugin {plugin} emits {type}, which its manifest does not list.',
    remedy: 'Add the event to `emits` or to the contract that the plugin provides.',
  },
  EVENT_PATTERN_INVALID: {
    status: 400,
    message: 'The pattern {pattern} cannot be used: {reason}.',
    remedy: 'Join words, * (one segment) and ** (any number of segments) by points, as in contact.*.',
  },
  EVENT_NOT_FOUND: {
    status: 404,
    message: 'The history holds no event {id}.',
    remedy: 'Query the history; events older than its retention are gone.',
  },
  EVENT_CURSOR_INVALID: {
    status: 400,
    message: 'The cursor is not one that the history gave.',
    remedy: 'Take `next_cursor` from the last answer unchanged, or leave it out to begin anew.',
  },
  EVENT_QUERY_INVALID: {
    status: 400,
    message: 'The query of the history has faulty fields.',
    remedy: 'Correct each field that `faults` names.',
  },
  SUBSCRIPTION_INVALID: {
    status: 500,
    message: 'The subscription {name} of {plugin} cannot be used.',
    remedy: 'Correct each option that `faults` names.',
  },
  SUBSCRIPTION_NOT_FOUND: {
    status: 404,
    message: 'No subscription of {plugin} is named {name}.',
    remedy: 'The statistics of the bus list every subscription.',
  },
  HANDLER_TIMEOUT: {
    status: 503,
    message: 'The handler of {subscription} took longer than {timeoutMs} ms.',
    remedy: 'Do less in one delivery, or raise `timeoutMs` of the subscription.',
  },
  DEAD_LETTER_NOT_FOUND: {
    status: 404,
    message: 'There is no dead letter {id}.',
    remedy: 'List the dead letters; it may have been replayed or discarded already.',
  },
  BUS_STOPPED: {
    status: 503,
    message: 'The bus is stopping and takes nothing new.',
    remedy: 'Try again in a few seconds.',
  },
} as const;

/** Creates an error of the bus's table. */
export const busError = defineErrors(busErrors);
