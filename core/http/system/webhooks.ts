import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import { NewWebhook, Webhook, WebhookChange } from '../../webhooks/endpoints/webhook.ts';
import { WebhookDeliveryDetail } from '../../webhooks/log/delivery.ts';
import type { WebhooksEngine } from '../../webhooks/webhooks.ts';
import { pageOf } from './schemas.ts';

const Id = Type.Object({ id: Type.String({ maxLength: 100 }) });
const WithSecret = Type.Object({
  webhook: Webhook,
  secret: Type.String({ description: 'Signs every message. Shown this once.' }),
});
const tags = ['webhooks'];
const path = '/api/v1/system/webhooks';
const config = { access: 'admin' } as const;

/** `/api/v1/system/webhooks`: receivers to which events are sent. */
export function webhookRoutes(
  app: HttpInstance,
  webhooks: Pick<WebhooksEngine, 'registry' | 'deliveries'>,
): void {
  const { registry, deliveries } = webhooks;
  app.get(
    path,
    {
      config,
      schema: {
        operationId: 'listWebhooks',
        summary: 'Lists the webhooks, oldest first',
        tags,
        response: { 200: pageOf(Webhook) },
      },
    },
    async () => ({ items: await registry.list(), next_cursor: null }),
  );

  app.post(
    path,
    {
      config,
      schema: {
        operationId: 'createWebhook',
        summary: 'Creates a webhook; it gets every event from now on that matches, whoever else may see it',
        tags,
        body: NewWebhook,
        response: { 201: WithSecret },
      },
    },
    async (request, reply) => reply.code(201).send(await registry.create(request.body)),
  );

  app.get(
    `${path}/:id`,
    {
      config,
      schema: {
        operationId: 'getWebhook',
        summary: 'Shows a webhook',
        tags,
        params: Id,
        response: { 200: Webhook },
      },
    },
    async (request) => registry.get(request.params.id),
  );

  app.patch(
    `${path}/:id`,
    {
      config,
      schema: {
        operationId: 'updateWebhook',
        summary: 'Changes what is given of a webhook',
        tags,
        params: Id,
        body: WebhookChange,
        response: { 200: Webhook },
      },
    },
    async (request) => registry.update(request.params.id, request.body),
  );

  app.delete(
    `${path}/:id`,
    {
      config,
      schema: {
        operationId: 'deleteWebhook',
        summary: 'Deletes a webhook with its log; what waits is not sent',
        tags,
        params: Id,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await registry.remove(request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    `${path}/:id/pause`,
    {
      config,
      schema: {
        operationId: 'pauseWebhook',
        summary: 'Pauses a webhook; events wait in the history meanwhile',
        tags,
        params: Id,
        response: { 200: Webhook },
      },
    },
    async (request) => registry.pause(request.params.id),
  );

  app.post(
    `${path}/:id/resume`,
    {
      config,
      schema: {
        operationId: 'resumeWebhook',
        summary: 'Resumes a webhook where it was paused, or with what comes now',
        tags,
        params: Id,
        body: Type.Object({
          skip_missed: Type.Boolean({
            default: false,
            description: 'Whether what has happened meanwhile is passed over.',
          }),
        }),
        response: { 200: Webhook },
      },
    },
    async (request) => registry.resume(request.params.id, request.body.skip_missed),
  );

  app.post(
    `${path}/:id/rotate-secret`,
    {
      config,
      schema: {
        operationId: 'rotateWebhookSecret',
        summary: 'Gives a webhook a new secret; for a while messages are signed with the former one as well',
        tags,
        params: Id,
        body: Type.Object({
          grace_seconds: Type.Integer({
            default: 86_400,
            minimum: 0,
            maximum: 604_800,
            description: 'How long the former secret is used as well; 0 when it has leaked.',
          }),
        }),
        response: { 200: WithSecret },
      },
    },
    async (request) => registry.rotateSecret(request.params.id, request.body.grace_seconds),
  );

  app.post(
    `${path}/:id/test`,
    {
      // Longer than a receiver may take.
      config: { ...config, timeoutMs: 60_000 },
      schema: {
        operationId: 'testWebhook',
        summary: 'Sends the event webhook.tested at once and shows what came of it, also while paused',
        tags,
        params: Id,
        response: { 200: WebhookDeliveryDetail },
      },
    },
    async (request) => {
      const { id } = request.params;
      return deliveries.get(id, await registry.test(id));
    },
  );
}
