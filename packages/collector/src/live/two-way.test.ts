import { afterAll, expect, test } from 'vitest';
import { startTestServer } from '../http/testing.ts';
import { testBatch } from '../ingest/testing.ts';
import { testAlert } from '../storage/testing-incidents.ts';
import { connectTo } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { storage } = server;

async function listen(token: string) {
  const client = await connectTo(server.url);
  client.say({ type: 'hello', token });
  await client.said('welcome');
  return client;
}

test('somebody acknowledges and judges an incident over the live feed; others see it, and the audit log has it', async () => {
  const scope = await storage.tenants.ensure('acts');
  await storage.alerts.save(scope, [testAlert('a'.repeat(32), Date.now())]);
  const incident = `i${'a'.repeat(31)}`;
  const editor = await listen(await server.key('acts', 'write'));
  const viewer = await listen(await server.key('acts', 'read'));
  const stranger = await listen(await server.key('acts-other', 'admin'));
  editor.say({ type: 'act', id: 1, incident, action: { kind: 'acknowledge', by: 'ann' } });
  expect(await editor.said('acted')).toMatchObject([{ id: 1, incident: { acknowledged: { by: 'ann' } } }]);
  editor.say({ type: 'act', id: 2, incident, action: { kind: 'feedback', verdict: 'noise' } });
  expect((await editor.said('acted', 2))[1]).toMatchObject({ id: 2, incident: { feedback: 'noise' } });
  const seen = await viewer.said('incident', 2);
  expect(seen.at(-1)).toMatchObject({ incident: { id: incident, feedback: 'noise' } });
  expect((await storage.audit.list(scope, { limit: 10 })).items).toMatchObject([
    {
      action: 'POST /v1/incidents/{id}/{kind}',
      target: `/v1/incidents/${incident}/feedback`,
      from: '127.0.0.1',
      actor: { kind: 'key', name: 'test' },
      before: { acknowledged: { by: 'ann' } },
      after: { feedback: 'noise' },
    },
    { target: `/v1/incidents/${incident}/acknowledge`, after: { acknowledged: { by: 'ann' } } },
  ]);

  // What one may not do is refused, and the connection goes on.
  viewer.say({ type: 'act', id: 3, incident, action: { kind: 'resolve' } });
  expect(await viewer.said('error')).toMatchObject([{ id: 3, error: { code: 'auth/scope' } }]);
  stranger.say({ type: 'act', id: 4, incident, action: { kind: 'resolve' } });
  expect(await stranger.said('error')).toMatchObject([{ id: 4, error: { code: 'http/not-found' } }]);
  stranger.say({ type: 'act', id: 5, incident, action: { kind: 'shout' } });
  expect((await stranger.said('error', 2))[1]).toMatchObject({ error: { code: 'live/request' } });
  for (const client of [viewer, stranger]) {
    client.say({ type: 'ping', at: 1 });
    await client.said('pong');
  }
  expect(stranger.messages.filter(({ type }) => type === 'incident')).toEqual([]);
  expect(await storage.incidents.find(scope, incident)).toMatchObject({ status: 'open' });

  // Who gives no name goes by that of the key.
  editor.say({ type: 'act', id: 6, incident, action: { kind: 'resolve' } });
  expect((await editor.said('acted', 3))[2]).toMatchObject({ id: 6, incident: { closedBy: 'test' } });
});

test('who wants no alerts gets none', async () => {
  const scope = await storage.tenants.ensure('calm');
  await storage.alerts.save(scope, [testAlert('b'.repeat(32), Date.now())]);
  const key = await server.key('calm', 'write');
  const [calm, keen] = [await listen(key), await listen(key)];
  calm.say({ type: 'alerts', which: 'none' });
  calm.say({ type: 'act', id: 1, incident: `i${'b'.repeat(31)}`, action: { kind: 'comment', text: 'looking' } });
  await keen.said('incident');
  await calm.said('acted');
  expect(calm.messages.map(({ type }) => type)).toEqual(['welcome', 'acted']);
});

test('who follows models hears of each version that is saved, promoted, gone back from or deleted, wherever', async () => {
  const scope = await storage.tenants.ensure('learner');
  const client = await listen(await server.key('learner', 'read'));
  const other = await listen(await server.key('learner-other', 'read'));
  for (const one of [client, other]) {
    one.say({ type: 'models', which: 'all' });
    one.say({ type: 'ping', at: 1 });
    await one.said('pong');
  }
  const save = () =>
    storage.models.save(scope, {
      name: 'load',
      kind: 'forecaster',
      parameters: {},
      metrics: { mase: 0.8 },
      seed: 1,
      window: { from: 0, to: 1 },
      code: 1,
      jobId: crypto.randomUUID(),
      data: new Uint8Array([1]),
    });
  await save();
  expect(await client.said('models')).toMatchObject([{ name: 'load', versions: [{ version: 1, isPromoted: false }] }]);
  await storage.models.promote(scope, 'load', 1);
  await save();
  const told = await client.said('models', 3);
  expect(told.at(-1)?.versions.map(({ version, isPromoted }) => [version, isPromoted])).toEqual([
    [2, false],
    [1, true],
  ]);
  client.say({ type: 'models', which: 'none' });
  client.say({ type: 'ping', at: 2 });
  await client.said('pong', 2);
  await save();
  client.say({ type: 'ping', at: 3 });
  await client.said('pong', 3);
  expect(client.messages.filter(({ type }) => type === 'models')).toHaveLength(3);
  expect(other.messages.filter(({ type }) => type === 'models')).toEqual([]);
});

test('a new token is taken without connecting anew: what was subscribed goes on, and one that is refused ends it', async () => {
  const [ingest, admin] = [await server.key('again', 'ingest'), await server.key('again', 'admin')];
  const issue = async (): Promise<string> => {
    const answer = await fetch(`${server.url}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify({ scope: 'read' }),
    });
    return ((await answer.json()) as { token: string }).token;
  };
  const client = await listen(await issue());
  client.say({ type: 'sub', id: 1, selector: 'cpu_busy_ratio', windowMs: 60_000 });
  await client.until(() => client.frames.length === 1);
  client.say({ type: 'hello', token: await issue() });
  await client.said('welcome', 2);
  await server.ingest(ingest, testBatch());
  await client.until(() => client.frames.length === 2);
  expect(client.frames.map(({ kind }) => kind)).toEqual(['snap', 'delta']);
  client.say({ type: 'hello', token: await server.key('again-other', 'read') });
  expect(await client.said('error')).toMatchObject([{ error: { code: 'live/hello' } }]);
  client.say({ type: 'hello', token: 'tsr_read_no' });
  expect(await client.closed).toBe(4401);
});

test('a view token hears of series alone, and does nothing', async () => {
  const admin = await server.key('viewed', 'admin');
  const origin = 'https://shop.example';
  const answer = await fetch(`${server.url}/v1/view-tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ selectors: ['cpu_busy_ratio'], origins: [origin] }),
  });
  const { token } = (await answer.json()) as { token: string };
  for (const request of [
    { type: 'jobs', which: 'all' },
    { type: 'alerts', which: 'all' },
    { type: 'models', which: 'all' },
  ]) {
    const client = await connectTo(server.url, { origin });
    client.say({ type: 'hello', token });
    await client.said('welcome');
    client.say(request);
    expect(await client.said('error')).toMatchObject([{ error: { code: 'auth/scope' } }]);
  }
  const client = await connectTo(server.url, { origin });
  client.say({ type: 'hello', token });
  client.say({ type: 'act', id: 1, incident: 'x', action: { kind: 'resolve' } });
  expect(await client.said('error')).toMatchObject([{ id: 1, error: { code: 'auth/scope' } }]);
});
