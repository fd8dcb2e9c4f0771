import { Hono } from 'hono';
import { afterAll, expect, test } from 'vitest';
import { LimitError } from '../limit-error.ts';
import { createRefusalBrake } from '../tenancy/refusal-brake.ts';
import type { AppEnv } from './app-env.ts';
import { listen } from './listen.ts';
import { createErrorHandler } from './on-error.ts';
import { silentLog } from '../log.ts';
import { createRefusalGate } from './refusal-gate.ts';
import { requestId } from './request-id.ts';

let isSpent = true;
/** As a message of protobuf. */
const noText = Uint8Array.of(0x12, 0xff, 0x80, 0x00, 0xc3);
const reached: string[] = [];
const gate = createRefusalGate({ brake: createRefusalBrake({ holdMs: 0, now: Date.now }), now: Date.now });
const app = new Hono<AppEnv>();
app.onError(createErrorHandler(silentLog));
app.use(gate.middleware).use(requestId);
app.all('*', (c) => {
  const key = c.req.header('authorization') ?? '';
  reached.push(`${key} ${c.req.path}`);
  if (key === 'Bearer sender' && c.req.path === '/v1/ingest') {
    throw new LimitError('samples', 'samples: too many', 1_000, {
      ...{ limit: 10, windowS: 10, requestsPerS: 1, tenantId: 2 },
      isSpent: () => true,
    });
  }
  if (key === 'Bearer calm' || !isSpent) return c.text('served');
  const refusal = new LimitError('requests', 'requests: too many', 1_000, {
    ...{ limit: 10, windowS: 10, requestsPerS: 1, tenantId: 1 },
    isSpent: () => isSpent,
  });
  if (c.req.path !== '/v1/metrics') throw refusal;
  c.error = refusal;
  return c.body(noText, 429, { 'set-cookie': 'session=secret' });
});
const server = await listen(
  app.fetch,
  { host: '127.0.0.1', port: 0 },
  { tls: undefined, maxMessageBytes: 1_000, guard: gate.guard },
);
afterAll(() => server.close());
const address = server.address();
const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
const ask = async (path: string, key: string, body?: string) => {
  const answer = await fetch(url + path, {
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};

test('who has used what it may is refused in front of the app, in the same words, until there is room', async () => {
  const first = await ask('/v1/hosts', 'loud');
  const again = [await ask('/v1/hosts', 'loud'), await ask('/v1/ruleset', 'loud', 'x'.repeat(2 * 1024 * 1024))];
  expect(reached.splice(0)).toEqual(['Bearer loud /v1/hosts']);
  for (const { status, headers, text } of again) {
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe('1');
    const id = headers.get('x-request-id') ?? '';
    expect(id).not.toBe(first.headers.get('x-request-id'));
    expect(JSON.parse(text)).toEqual({ ...(JSON.parse(first.text) as object), requestId: id });
  }
  // Other doors say it in their own words, which are not known yet; pages are for everyone; and others are no floods.
  await ask('/prometheus/api/v1/query', 'loud');
  await ask('/index.html', 'loud');
  await ask('/v1/hosts', 'calm');
  expect(reached.splice(0)).toEqual([
    'Bearer loud /prometheus/api/v1/query',
    'Bearer loud /index.html',
    'Bearer calm /v1/hosts',
  ]);
  isSpent = false;
  expect((await ask('/v1/hosts', 'loud')).text).toBe('served');
});

test('what is kept is bytes, sets no cookie, and leaves the id to the proxy and the words to the door', async () => {
  isSpent = true;
  reached.splice(0);
  const headers = { authorization: 'Bearer sender-2', 'x-request-id': 'requests' };
  await fetch(`${url}/v1/metrics`, { headers });
  const again = await fetch(`${url}/v1/metrics`, { headers });
  expect(new Uint8Array(await again.arrayBuffer())).toEqual(noText);
  expect(again.headers.get('set-cookie')).toBeNull();
  const [first, second] = [await fetch(`${url}/v1/hosts`, { headers }), await fetch(`${url}/v1/hosts`, { headers })];
  expect(await second.json()).toEqual(await first.json());
  expect(second.headers.get('x-request-id')).toBe('requests');
  expect(reached.splice(0)).toEqual(['Bearer sender-2 /v1/metrics', 'Bearer sender-2 /v1/hosts']);
});

test('who may send no more samples is refused elsewhere only as long as it is over the limit there', async () => {
  isSpent = true;
  await ask('/v1/ingest', 'sender');
  expect((await ask('/v1/hosts', 'sender')).status).toBe(429);
  isSpent = false;
  expect((await ask('/v1/hosts', 'sender')).text).toBe('served');
  reached.splice(0);
  expect((await ask('/v1/ingest', 'sender')).status).toBe(429);
  expect(reached).toEqual([]);
});
