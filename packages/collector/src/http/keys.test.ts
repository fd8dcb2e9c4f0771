import { afterAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { testBatch } from '../ingest/testing.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const admin = await server.key('acme', 'admin');
const endMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
await server.ingest(await server.key('acme', 'ingest'), testBatch({ endMs }));
await server.ingest(await server.key('acme', 'ingest'), testBatch({ endMs, host: 'web-2' }));

async function call(
  key: string,
  request: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
) {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // Whatever is answered: each test looks at what it needs.
  const json = (text === '' ? {} : JSON.parse(text)) as Record<string, never>;
  return { status: response.status, json, text };
}

test('a key is shown once; the list has its prefix and last four, what it may, and when it was used', async () => {
  const made = await call(admin, 'POST /v1/keys', { body: { name: 'ci', scope: 'read', expiresInMs: 3_600_000 } });
  expect(made).toMatchObject({ status: 201, json: { name: 'ci', scope: 'read', prefix: 'tsr_', lastUsedAt: null } });
  const { key, id } = made.json as unknown as { key: string; id: string };
  expect((await call(key, 'GET /v1/hosts')).status).toBe(200);
  const { text, json } = await call(admin, `GET /v1/keys/${id}`);
  expect(json).toMatchObject({ lastFour: key.slice(-4), lastUsedAt: expect.any(Number), revokedAt: null });
  expect(text).not.toContain(key);
  expect((await call(admin, 'GET /v1/keys')).text).not.toContain(key);
  const stored = await server.sql`select * from api_key where name = 'ci'`;
  expect(JSON.stringify(stored)).not.toContain(key.slice(4));
  expect((await call(admin, `DELETE /v1/keys/${id}`)).status).toBe(204);
  expect((await call(admin, `DELETE /v1/keys/${id}`)).status).toBe(404);
});

test('nobody but an admin sees or makes keys, and another tenant’s are not there', async () => {
  for (const scope of ['ingest', 'read', 'write'] as const) {
    const key = await server.key('acme', scope);
    expect((await call(key, 'GET /v1/keys')).status).toBe(403);
    expect((await call(key, 'POST /v1/keys', { body: { name: 'x', scope: 'admin' } })).status).toBe(403);
  }
  const { json } = await call(admin, 'GET /v1/keys');
  const [{ id }] = json['keys'] as unknown as [{ id: string }];
  const other = await server.key('other', 'admin');
  for (const request of [`GET /v1/keys/${id}`, `DELETE /v1/keys/${id}`, `POST /v1/keys/${id}/rotate`]) {
    expect((await call(other, request, request.startsWith('POST') ? { body: {} } : {})).status).toBe(404);
  }
});

test('a rotated key goes on for a while beside the new one, which may do the same', async () => {
  const made = await call(admin, 'POST /v1/keys', { body: { name: 'rotated', scope: 'write' } });
  const { key, id } = made.json as unknown as { key: string; id: string };
  const rotated = await call(admin, `POST /v1/keys/${id}/rotate`, { body: { overlapMs: 60_000 } });
  expect(rotated).toMatchObject({ status: 201, json: { name: 'rotated', scope: 'write', expiresAt: null } });
  const next = String(rotated.json['key']);
  for (const both of [key, next]) expect((await call(both, 'GET /v1/rules')).status).toBe(200);
  expect((await call(admin, `GET /v1/keys/${id}`)).json['expiresAt']).toBeGreaterThan(Date.now());
  // As it is once the time is over.
  await server.sql`update api_key set expires_at = ${Date.now() - 1} where name = 'rotated' and expires_at is not null`;
  expect(await server.storage.keys.find(key)).toBeUndefined();
  expect(await server.storage.keys.find(next)).toMatchObject({ scope: 'write' });
  const ended = await call(admin, `POST /v1/keys/${String(rotated.json['id'])}/rotate`, { body: { overlapMs: 0 } });
  expect(ended.status).toBe(201);
  expect(await server.storage.keys.find(next)).toBeUndefined();
});

test('a token stands for its key with what that may, or less, never more', async () => {
  const writer = await server.key('acme', 'write');
  const token = async (body: object, key = writer) =>
    String((await call(key, 'POST /v1/tokens', { body })).json['token']);
  expect((await call(await token({}), 'GET /v1/session')).json).toMatchObject({
    scope: 'write',
    by: 'token',
    tenant: 'acme',
  });
  const reading = await token({ scope: 'read' });
  expect((await call(reading, 'POST /v1/silences', { body: {} })).status).toBe(403);
  expect((await call(reading, 'GET /v1/silences')).status).toBe(200);
  expect((await call(writer, 'POST /v1/tokens', { body: { scope: 'admin' } })).status).toBe(403);
  expect((await call(reading, 'POST /v1/tokens', { body: { scope: 'write' } })).status).toBe(403);
  expect((await call(`${reading}x`, 'GET /v1/hosts')).json).toMatchObject({ code: 'auth/token' });
  const keys = await (await fetch(`${server.url}/.well-known/jwks.json`)).json();
  expect(keys).toMatchObject({ keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' }] });
});

const site = 'https://shop.example';
const headers = { origin: site };
async function viewToken(...selectors: string[]): Promise<string> {
  const body = { selectors, origins: [site] };
  return String((await call(await server.key('acme', 'write'), 'POST /v1/view-tokens', { body })).json['token']);
}
const within = `start=${endMs / 1000 - 600}&end=${endMs / 1000}`;
const everything = encodeURIComponent('{__name__=~".+"}');

test('a view token counts from its own site alone', async () => {
  const token = await viewToken('cpu_busy_ratio{host="web-1"}');
  for (const origin of ['https://evil.example', 'http://shop.example', 'https://shop.example.evil.example', 'null']) {
    expect((await call(token, 'GET /v1/series?query=cpu_busy_ratio', { headers: { origin } })).json).toMatchObject({
      code: 'auth/view-origin',
    });
  }
  expect((await call(token, 'GET /v1/series?query=cpu_busy_ratio')).status).toBe(403);
  expect((await call(token, 'GET /v1/series?query=cpu_busy_ratio', { headers })).status).toBe(200);
});

test('whatever is asked with a view token, by whichever path, tells of the series of its selectors alone', async () => {
  const token = await viewToken('cpu_busy_ratio{host="web-1"}', 'nothing_of_that_name');
  const paths = [
    `/v1/series?query=${everything}`,
    `/v1/query_range?query=${everything}&${within}`,
    `/v1/query_range?query=${encodeURIComponent('count by (host, __name__) ({host=~".+"})')}&${within}&step=60`,
    `/prometheus/api/v1/query?query=${encodeURIComponent('{host=~".+"} or {host="web-2"}')}&time=${endMs / 1000}`,
    `/prometheus/api/v1/query?query=${encodeURIComponent('count({__name__!=""})')}&time=${endMs / 1000}`,
    `/prometheus/api/v1/query_range?query=${encodeURIComponent('{host!=""}')}&${within}&step=15`,
    `/prometheus/api/v1/series?match[]=${everything}`,
    `/prometheus/api/v1/labels`,
    `/prometheus/api/v1/label/host/values`,
    `/prometheus/api/v1/label/__name__/values?match[]=${encodeURIComponent('{host="web-2"}')}`,
  ];
  const all = await server.key('acme', 'read');
  for (const path of paths) {
    const { status, text } = await call(token, `GET ${path}`, { headers });
    expect([path, status]).toEqual([path, 200]);
    expect(text).not.toMatch(/web-2|sent_bytes/u);
    // With a key it does tell: the path is one that could.
    if (!/count\(|labels/u.test(decodeURIComponent(path))) {
      expect((await call(all, `GET ${path}`)).text).toMatch(/web-2|cpu_busy_ratio/u);
    }
  }
  const counted = await call(token, `GET ${paths[4] ?? ''}`, { headers });
  expect(counted.json).toMatchObject({ data: { result: [{ value: [expect.any(Number), '1'] }] } });
  expect((await call(token, 'GET /prometheus/api/v1/label/host/values', { headers })).json).toMatchObject({
    data: ['web-1'],
  });
});

async function listen(token: string, origin: string) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/live`, { headers: { origin } });
  const said: unknown[] = [];
  let frames = 0;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) frames++;
    else said.push(JSON.parse(data.toString()));
  });
  await new Promise((resolve) => {
    socket.once('open', resolve);
  });
  const say = (message: object) => socket.send(JSON.stringify(message));
  say({ type: 'hello', token });
  return { say, said: () => JSON.stringify(said), frames: () => frames, end: () => socket.terminate() };
}

test('on the live feed a view token hears of its series alone, whoever asks for the same selector beside it', async () => {
  const token = await viewToken('cpu_busy_ratio{host="web-1"}');
  const [viewer, reader] = [await listen(token, site), await listen(await server.key('acme', 'read'), site)];
  for (const { say } of [reader, viewer]) say({ type: 'sub', id: 1, selector: '{__name__=~".+"}', windowMs: 600_000 });
  await expect.poll(() => [reader.frames(), viewer.frames()]).toEqual([1, 1]);
  const ingest = await server.key('acme', 'ingest');
  await server.ingest(ingest, testBatch({ seq: 1, endMs: endMs + 10_000, host: 'web-2' }));
  await server.ingest(ingest, testBatch({ seq: 1, endMs: endMs + 10_000 }));
  await expect.poll(() => [reader.frames(), viewer.frames()]).toEqual([3, 2]);
  expect(reader.said()).toContain('web-2');
  expect(viewer.said()).toContain('web-1');
  expect(viewer.said()).not.toMatch(/web-2|sent_bytes/u);
  const elsewhere = await listen(token, 'https://evil.example');
  await expect.poll(elsewhere.said).toContain('auth/view-origin');
  for (const { end } of [viewer, reader, elsewhere]) end();
});
