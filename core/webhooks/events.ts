import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';

/** Nothing is sent to a webhook any more until an administrator resumes it; its subject is the webhook's id. */
export const webhookPaused = defineEvent(
  'webhook.paused',
  Type.Object({
    webhook_id: Type.String(),
    host: Type.String(),
    reason: Type.Union([Type.Literal('requested'), Type.Literal('failing'), Type.Literal('gone')]),
    failures: Type.Integer({ minimum: 0, description: 'Failed attempts since the last that was taken.' }),
  }),
);
