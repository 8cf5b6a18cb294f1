import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { WebhookDeliveries } from '../../webhooks/log/deliveries.ts';
import { DeliveryStatus, WebhookDelivery, WebhookDeliveryDetail } from '../../webhooks/log/delivery.ts';
import { instant, pageOf, pageQuery } from './schemas.ts';

const Id = Type.Object({ id: Type.String({ maxLength: 100 }) });
const DeliveryId = Type.Object({ ...Id.properties, delivery_id: Type.String({ maxLength: 100 }) });
const tags = ['webhooks'];
const path = '/api/v1/system/webhooks/:id';
const config = { access: 'admin' } as const;

/** `/api/v1/system/webhooks/{id}/deliveries`: what was sent to a webhook, and once more. */
export function webhookDeliveryRoutes(app: HttpInstance, deliveries: WebhookDeliveries): void {
  app.get(
    `${path}/deliveries`,
    {
      config,
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'Lists the deliveries of a webhook, newest first',
        tags,
        params: Id,
        querystring: Type.Object({ status: Type.Optional(DeliveryStatus), ...pageQuery }),
        response: { 200: pageOf(WebhookDelivery) },
      },
    },
    async (request) => deliveries.list(request.params.id, request.query),
  );

  app.get(
    `${path}/deliveries/:delivery_id`,
    {
      config,
      schema: {
        operationId: 'getWebhookDelivery',
        summary: 'Shows a delivery with every attempt',
        tags,
        params: DeliveryId,
        response: { 200: WebhookDeliveryDetail },
      },
    },
    async (request) => deliveries.get(request.params.id, request.params.delivery_id),
  );

  app.post(
    `${path}/deliveries/:delivery_id/redeliver`,
    {
      config,
      schema: {
        operationId: 'redeliverWebhook',
        summary: 'Sends an event once more, whatever became of it',
        tags,
        params: DeliveryId,
        response: { 200: WebhookDeliveryDetail },
      },
    },
    async (request) => deliveries.redeliver(request.params.id, request.params.delivery_id),
  );

  app.post(
    `${path}/redeliver-failed`,
    {
      config,
      schema: {
        operationId: 'redeliverFailedWebhooks',
        summary: 'Sends once more what failed of all that came since a time, oldest first, 5,000 at most',
        tags,
        params: Id,
        body: Type.Object({ since: instant }),
        response: {
          200: Type.Object({
            count: Type.Integer(),
            more: Type.Boolean({ description: 'Whether as much again or less is left for another call.' }),
          }),
        },
      },
    },
    async (request) => deliveries.redeliverFailed(request.params.id, new Date(request.body.since)),
  );
}
