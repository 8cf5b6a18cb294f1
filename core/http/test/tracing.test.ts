import { Secret } from '@orchestrall/sdk';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { currentScope } from '../../telemetry/scope.ts';
import { startTracing } from '../../telemetry/tracing.ts';
import { createHarness } from './harness.ts';

const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('traceparent is taken, passed on with a span of our own, and stands in the log', async () => {
  await using harness = await createHarness();
  let inside: string | undefined;
  harness.core.instance.get('/x', { config: { access: 'public' } }, async () => {
    await Promise.resolve();
    inside = currentScope().traceparent;
    harness.environment.logs.logger('core.test').info({}, 'inside');
    return {};
  });
  const url = await harness.listen();
  const answer = await fetch(`${url}/x`, { headers: { traceparent: given } });
  expect(inside).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  expect(inside).not.toBe(given);
  expect(answer.headers.get('traceparent')).toBe(inside);
  expect(harness.lines.find((line) => line['message'] === 'inside')?.['trace_id']).toBe(given.slice(3, 35));
  await fetch(`${url}/x`, { headers: { traceparent: 'nonsense' } });
  expect(inside).toBeUndefined();
});

test('spans of requests are sent to the collector that the configuration names', async () => {
  const received: { body: string; key: string | undefined }[] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ body, key: request.headers['x-key']?.toString() });
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const address = collector.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const tracing = await startTracing({
    endpoint: `http://127.0.0.1:${port}/`,
    headers: { 'x-key': new Secret('k3y') },
    sampleRatio: 1,
    environment: 'test',
    version: '1.0.0',
  });
  try {
    await using harness = await createHarness({ tracing });
    const crm = await harness.plugin('crm', ['/crm']);
    crm.instance.get('/crm/:id', { config: { access: 'public' } }, async () => ({}));
    await crm.instance.ready();
    const url = await harness.listen();
    harness.gateway.setTable([{ prefix: '/crm', target: crm.target }]);
    const answer = await fetch(`${url}/crm/1`, { headers: { traceparent: given } });
    expect(answer.headers.get('traceparent')).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
    await expect.poll(() => harness.lines.some((line) => line['message'] === 'request answered')).toBe(true);
  } finally {
    await tracing[Symbol.asyncDispose]();
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
  }
  expect(received[0]?.key).toBe('k3y');
  expect(received[0]?.body).toContain('"traceId":"0af7651916cd43dd8448eb211c80319c"');
  expect(received[0]?.body).toContain('"name":"GET /crm/:id"');
  expect(received[0]?.body).toContain('orchestrall.plugin');
});
