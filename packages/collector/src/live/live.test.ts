import { afterAll, expect, test } from 'vitest';
import { startTestServer } from '../http/testing.ts';
import { testBatch } from '../ingest/testing.ts';
import { connectTo } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const endMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;

const connect = (headers: Readonly<Record<string, string>> = {}) => connectTo(server.url, headers);

test('a client gets what it asked for: the series, the last minutes at once, then every new batch', async () => {
  const [ingest, read] = [await server.key('feed', 'ingest'), await server.key('feed', 'read')];
  await server.ingest(ingest, testBatch({ seq: 0, endMs }));
  const client = await connect();
  client.say({ type: 'hello', token: read });
  expect(await client.said('welcome')).toMatchObject([{ tenant: 'feed' }]);
  client.say({ type: 'sub', id: 7, selector: 'cpu_busy_ratio{host="web-1"}', windowMs: 300_000 });
  await client.until(() => client.frames.length === 1);
  expect(await client.said('series')).toMatchObject([
    {
      id: 7,
      series: [{ name: 'cpu_busy_ratio', labels: { cpu: 'all', host: 'web-1' }, kind: 'gauge', unit: 'ratio' }],
    },
  ]);
  expect(client.frames[0]).toMatchObject({ kind: 'snap', id: 7 });
  expect(client.frames[0]?.groups[0]?.times.at(-1)).toBe(endMs);

  await server.ingest(ingest, testBatch({ seq: 1, endMs: endMs + 10_000, busy: (row) => 0.5 + row / 100 }));
  await client.until(() => client.frames.length === 2);
  const [group] = client.frames[1]?.groups ?? [];
  expect(client.frames[1]?.kind).toBe('delta');
  expect(group?.columns).toHaveLength(1);
  expect(group?.times).toHaveLength(10);
  expect(group?.columns[0]?.values[0]).toBe(0.5);

  client.say({ type: 'unsub', id: 7 });
  client.say({ type: 'ping', at: 5 });
  expect(await client.said('pong')).toMatchObject([{ at: 5 }]);
  await server.ingest(ingest, testBatch({ seq: 2, endMs: endMs + 20_000 }));
  client.say({ type: 'ping', at: 6 });
  await client.until(() => client.messages.filter(({ type }) => type === 'pong').length === 2);
  expect(client.frames).toHaveLength(2);
});

test('a late batch comes when it is committed, none comes twice, and a series that is new is announced before its samples', async () => {
  const [ingest, read] = [await server.key('order', 'ingest'), await server.key('order', 'read')];
  const client = await connect();
  client.say({ type: 'hello', token: read });
  client.say({ type: 'sub', id: 1, selector: '{__name__=~".+"}', windowMs: 300_000 });
  await client.until(() => client.frames.length === 1);
  expect(client.frames[0]?.groups).toEqual([]);
  await server.ingest(ingest, testBatch({ seq: 1, endMs }));
  await server.ingest(ingest, testBatch({ seq: 0, endMs: endMs - 10_000 }));
  await server.ingest(ingest, testBatch({ seq: 1, endMs }));
  await server.ingest(ingest, testBatch({ seq: 2, endMs: endMs + 10_000 }));
  await client.until(() => client.frames.length === 4);
  expect(client.frames.slice(1).flatMap(({ groups }) => groups.map(({ times }) => times.at(-1)))).toEqual([
    endMs,
    endMs - 10_000,
    endMs + 10_000,
  ]);
  expect(client.messages.filter(({ type }) => type === 'series')).toHaveLength(1);
});

test('while somebody watches a host its agent is asked to send each second', async () => {
  const [ingest, read] = [await server.key('watch', 'ingest'), await server.key('watch', 'read')];
  const interval = async (seq: number, host: string) =>
    (await server.ingest(ingest, testBatch({ seq, host, endMs: endMs + seq * 10_000 }))).headers.get(
      'tarsier-flush-interval',
    );
  expect(await interval(0, 'seen')).toBe('10');
  const client = await connect();
  client.say({ type: 'hello', token: read });
  client.say({ type: 'sub', id: 1, selector: 'cpu_busy_ratio{host="seen"}', windowMs: 60_000 });
  await client.until(() => client.frames.length === 1);
  expect(await interval(1, 'seen')).toBe('1');
  expect(await interval(0, 'unseen')).toBe('10');
  client.say({ type: 'unsub', id: 1 });
  client.say({ type: 'ping', at: 0 });
  await client.said('pong');
  expect(await interval(2, 'seen')).toBe('10');
});

test('tenants do not hear each other', async () => {
  const [ingest, other] = [await server.key('loud', 'ingest'), await server.key('deaf', 'read')];
  const client = await connect();
  client.say({ type: 'hello', token: other });
  client.say({ type: 'sub', id: 1, selector: '{__name__=~".+"}', windowMs: 300_000 });
  await client.until(() => client.frames.length === 1);
  await server.ingest(ingest, testBatch({ seq: 0, endMs }));
  client.say({ type: 'ping', at: 0 });
  await client.said('pong');
  expect(client.frames).toHaveLength(1);
  expect(client.frames[0]?.groups).toEqual([]);
});

test.each([
  ['a token that is not known', { type: 'hello', token: 'tsr_no' }, 'auth/unknown'],
  ['no token and no session', { type: 'hello' }, 'auth/missing'],
  ['no hello', { type: 'sub', id: 1, selector: 'up', windowMs: 1000 }, 'auth/missing'],
])('a client with %s is told so and let go', async (_, message, code) => {
  const client = await connect();
  client.say(message);
  expect(await client.said('error')).toMatchObject([{ error: { code } }]);
  expect(await client.closed).toBe(4401);
});

test('a key for sending alone does not listen', async () => {
  const client = await connect();
  client.say({ type: 'hello', token: await server.key('feed', 'ingest') });
  expect(await client.said('error')).toMatchObject([{ error: { code: 'auth/scope' } }]);
});

test('the cookie of a session counts from the page itself, and from no other site', async () => {
  const scope = await server.storage.tenants.ensure('cookie');
  const code = await server.storage.sessions.createSignInCode(scope, 60_000, Date.now());
  const signedIn = await fetch(`${server.url}/sign-in?code=${code}`, { redirect: 'manual' });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const own = await connect({ cookie, origin: server.url });
  own.say({ type: 'hello' });
  expect(await own.said('welcome')).toMatchObject([{ tenant: 'cookie' }]);
  const foreign = await connect({ cookie, origin: 'https://elsewhere.example' });
  foreign.say({ type: 'hello' });
  expect(await foreign.said('error')).toMatchObject([{ error: { code: 'auth/missing' } }]);
});

test('nonsense is answered with what was expected, and ends the talk only when it goes on and on', async () => {
  const client = await connect();
  client.say({ type: 'hello', token: await server.key('feed', 'read') });
  await client.said('welcome');
  client.say('{');
  client.say({ type: 'sub', id: 1, selector: 'a{', windowMs: 1000 });
  client.say({ type: 'sub', id: -1, selector: 'a', windowMs: 1000 });
  await client.until(() => client.messages.filter(({ type }) => type === 'error').length === 3);
  expect(
    client.messages.flatMap((message) => (message.type === 'error' ? [[message.id, message.error.code]] : [])),
  ).toEqual([
    [undefined, 'live/request'],
    [1, 'query/parse'],
    [undefined, 'live/request'],
  ]);
  for (let more = 0; more < 30; more++) client.say('{');
  expect(await client.closed).toBe(1008);
});
