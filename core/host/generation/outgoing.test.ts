import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutgoingFetch } from './outgoing.ts';

const server = createServer((request, response) => {
  if (request.url === '/away') response.writeHead(302, { location: 'http://elsewhere.test/' }).end();
  else if (request.url === '/next-door') {
    response.writeHead(307, { location: `http://localhost:${request.socket.localPort}/headers` }).end();
  } else if (request.url === '/headers') response.end(JSON.stringify(request.headers));
  else if (request.url === '/see-other') response.writeHead(303, { location: '/echo' }).end();
  else {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.end(`${request.method} ${body}`));
  }
});
let host = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const outgoing = (requested: string[], allowed: string[], signal = new AbortController().signal) =>
  createOutgoingFetch({ plugin: 'p', requested, allowed: () => allowed, signal, fetch });

test('a host is reached only when manifest and YAML both name it', async () => {
  expect(await (await outgoing([host], [host])(`http://${host}/`)).text()).toBe('GET ');
  await expect(outgoing([host], [])(`http://${host}/`)).rejects.toMatchObject({ code: 'HOST_NOT_ALLOWED' });
  await expect(outgoing([], [host])(`http://${host}/`)).rejects.toMatchObject({ code: 'HOST_NOT_ALLOWED' });
});

test('a redirect to a host that is not allowed is refused', async () => {
  await expect(outgoing([host], [host])(`http://${host}/away`)).rejects.toMatchObject({
    code: 'HOST_NOT_ALLOWED',
  });
});

test('credentials go to the host that was meant, and not on to another that it redirects to', async () => {
  const both = [host, host.replace('127.0.0.1', 'localhost')];
  const headers = {
    authorization: 'Bearer a',
    cookie: 'b=c',
    'proxy-authorization': 'Basic d',
    'x-kept': 'e',
  };
  const kept = async (path: string): Promise<object> =>
    Object(await (await outgoing(both, both)(`http://${host}${path}`, { headers })).json());
  expect(await kept('/headers')).toMatchObject({ authorization: 'Bearer a', cookie: 'b=c', 'x-kept': 'e' });
  const elsewhere = Object.keys(await kept('/next-door'));
  expect(elsewhere).toContain('x-kept');
  for (const name of ['authorization', 'cookie', 'proxy-authorization']) {
    expect(elsewhere).not.toContain(name);
  }
});

test('a redirect is handed on or refused where the caller asks for that, also by a Request', async () => {
  const url = `http://${host}/see-other`;
  const call = outgoing([host], [host]);
  expect((await call(new Request(url, { redirect: 'manual' }))).status).toBe(303);
  await expect(call(url, { redirect: 'error' })).rejects.toThrow('ruled out');
});

test('a 303 after POST becomes a GET without the body', async () => {
  const response = await outgoing([host], [host])(`http://${host}/see-other`, { method: 'POST', body: 'x' });
  expect(await response.text()).toBe('GET ');
});

test('a body is sent', async () => {
  const response = await outgoing([host], [host])(`http://${host}/`, { method: 'POST', body: 'hello' });
  expect(await response.text()).toBe('POST hello');
});

test('requests end with the generation', async () => {
  const end = new AbortController();
  end.abort(new Error('over'));
  await expect(outgoing([host], [host], end.signal)(`http://${host}/`)).rejects.toThrow('over');
});
