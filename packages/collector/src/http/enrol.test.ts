import { createHash } from 'node:crypto';
import { enrolResponse, type EnrolRequest } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const hourMs = 3_600_000;

async function newToken(tenant: string, { uses = 1, expiresAt = Date.now() + hourMs } = {}): Promise<string> {
  const scope = await server.storage.tenants.ensure(tenant);
  return server.storage.enrolments.createToken(scope, { name: 'test', expiresAt, uses });
}

async function post(token: string, request: EnrolRequest) {
  const response = await fetch(`${server.url}/v1/enrol`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

async function enrol(tenant: string, request: EnrolRequest) {
  const { status, body } = await post(await newToken(tenant), request);
  if (status === 201) return enrolResponse.parse(body);
  // The documented shape of every refusal.
  const { code, detail } = body as { code: string; detail: string };
  return { status, code, message: detail };
}

const statusOf = async (key: string, host: string): Promise<number> =>
  (await server.ingest(key, testBatch({ host }))).status;

function keyOf(enrolled: Awaited<ReturnType<typeof enrol>>): string {
  if ('key' in enrolled) return enrolled.key;
  throw new Error(enrolled.message);
}

test('a token lets one host in, whose key ships for that host and for no other', async () => {
  const token = await newToken('first');
  const request = { host: 'web-1', identity: { dmi: hash('board 1') } };
  const { status, body } = await post(token, request);
  expect(status).toBe(201);
  const { key, ...about } = enrolResponse.parse(body);
  expect(about).toEqual({ tenant: 'first', host: 'web-1', returning: false });
  expect(key).toMatch(/^tsr_[\w-]{32}$/u);
  expect(await statusOf(key, 'web-1')).toBe(204);
  const other = await server.ingest(key, testBatch({ host: 'web-2' }));
  expect(other.status).toBe(403);
  expect(await other.json()).toMatchObject({
    status: 403,
    code: 'auth/host',
    field: 'host',
    retryable: false,
    detail: 'host: this key may only ship for web-1, got "web-2"; enrol that host on its own',
  });
  // It reads nothing, and is no token.
  expect((await fetch(`${server.url}/v1/hosts`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(403);
  expect((await post(key, request)).status).toBe(401);
  expect(await post(token, { host: 'web-2', identity: { dmi: hash('board 2') } })).toMatchObject({
    status: 401,
    body: { code: 'enrol/token', detail: 'token: it was used by web-1; make a new one' },
  });
});

test('a token that expired, that nobody made, or that is no token lets nobody in', async () => {
  const request = { host: 'late', identity: { dmi: hash('late') } };
  const expired = await post(await newToken('tokens', { expiresAt: Date.now() - 1 }), request);
  expect(expired).toMatchObject({
    status: 401,
    body: { detail: expect.stringContaining('it expired at 2') },
  });
  expect(await post('tsr_enrol_guessed', request)).toMatchObject({
    status: 401,
    body: { code: 'enrol/token', detail: expect.stringContaining('it is not known here') },
  });
  expect((await post('whatever', request)).status).toBe(401);
});

test('many at once get from one token as many keys as it has uses', async () => {
  const token = await newToken('fleet', { uses: 3 });
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => post(token, { host: `node-${n}`, identity: { dmi: hash(`node ${n}`) } })),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    201, 201, 201, 401, 401, 401, 401, 401,
  ]);
});

test('the same machine at the same time becomes one host', async () => {
  const token = await newToken('race', { uses: 5 });
  const request = { host: 'twin', identity: { dmi: hash('twin') } };
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(token, request)));
  const enrolled = answers.map(({ body }) => enrolResponse.parse(body));
  expect(enrolled.filter(({ returning }) => !returning)).toHaveLength(1);
  const statuses = await Promise.all(enrolled.map(({ key }) => statusOf(key, 'twin')));
  // Each made the keys before it end.
  expect(statuses.filter((status) => status === 204)).toHaveLength(1);
  expect(statuses.filter((status) => status === 401)).toHaveLength(4);
});

test('a host that was installed anew comes back as itself, whatever it is called now, and its former key ends', async () => {
  const first = await enrol('reimage', { host: 'db-1', identity: { dmi: hash('board'), machine: hash('system 1') } });
  const again = await enrol('reimage', { host: 'debian', identity: { dmi: hash('board'), machine: hash('system 2') } });
  expect(again).toMatchObject({ host: 'db-1', returning: true });
  expect(await statusOf(keyOf(first), 'db-1')).toBe(401);
  expect(await statusOf(keyOf(again), 'db-1')).toBe(204);
  expect(
    await enrol('reimage', { host: 'other', named: true, identity: { dmi: hash('board') }, replace: true }),
  ).toMatchObject({
    status: 409,
    code: 'enrol/renamed',
    message: expect.stringContaining('this machine is enrolled as db-1 and keeps that name'),
  });
});

test('a virtual machine that was copied is told from its original by its board, though the system says it is the same', async () => {
  const machine = hash('copied system');
  await enrol('clones', { host: 'app', identity: { dmi: hash('vm 1'), machine } });
  expect(await enrol('clones', { host: 'app', identity: { dmi: hash('vm 2'), machine } })).toMatchObject({
    status: 409,
    code: 'enrol/name-taken',
    message: expect.stringContaining('another machine is enrolled as app. Choose another name with --host NAME'),
  });
  expect(await enrol('clones', { host: 'app-2', identity: { dmi: hash('vm 2'), machine } })).toMatchObject({
    host: 'app-2',
    returning: false,
  });
});

test('a copy that nothing tells apart is refused while the original is measured; with an identity of its own it is let in', async () => {
  const identity = { machine: hash('container image') };
  const original = keyOf(await enrol('copies', { host: 'box', identity }));
  expect(await statusOf(original, 'box')).toBe(204);
  const token = await newToken('copies');
  expect(await post(token, { host: 'box', identity })).toMatchObject({
    status: 409,
    body: {
      code: 'enrol/in-use',
      detail: expect.stringMatching(/^this machine looks like box, whose samples still come/u),
    },
  });
  // A refusal does not use the token up.
  const { body } = await post(token, { host: 'box-2', named: true, identity: { assigned: hash('random') } });
  expect(enrolResponse.parse(body)).toMatchObject({ host: 'box-2', returning: false });
  // The original itself has its key to show, and gets a new one while it runs.
  const rotated = await enrol('copies', { host: 'box', identity, currentKey: original });
  expect(rotated).toMatchObject({ host: 'box', returning: true });
  expect(await statusOf(keyOf(rotated), 'box')).toBe(204);
});

test('a machine takes the place of another when it is told to', async () => {
  const former = keyOf(await enrol('replace', { host: 'gw', identity: { dmi: hash('old') } }));
  const request = { host: 'gw', identity: { dmi: hash('new') }, replace: true };
  const next = await enrol('replace', request);
  expect(next).toMatchObject({ host: 'gw', returning: true });
  expect(await statusOf(former, 'gw')).toBe(401);
  expect(await enrol('replace', { host: 'gw', identity: { dmi: hash('old') } })).toMatchObject({
    code: 'enrol/name-taken',
  });
});

test('a key that is revoked is no longer good, and hosts of other tenants know nothing of it', async () => {
  const identity = { dmi: hash('shared board') };
  const here = keyOf(await enrol('here', { host: 'edge', identity }));
  const there = keyOf(await enrol('there', { host: 'edge', identity }));
  const scope = await server.storage.tenants.ensure('here');
  const ended = await server.storage.keys.revoke(scope, { host: 'edge' });
  expect(ended).toMatchObject([{ scope: 'ingest', host: 'edge', lastFour: here.slice(-4) }]);
  expect(await server.storage.keys.revoke(scope, { host: 'edge' })).toEqual([]);
  expect(await statusOf(here, 'edge')).toBe(401);
  expect(await statusOf(there, 'edge')).toBe(204);
});

test.each([
  [{ identity: { dmi: hash('x') } }, 'host: '],
  [{ host: 'x', identity: {} }, 'identity: expected at least one'],
  [
    { host: 'x', identity: { dmi: 'not-a-hash' } },
    'identity.dmi: expected a SHA-256 hash in hexadecimal, got string "not-a-hash"',
  ],
  [{ host: 'x'.repeat(300), identity: { dmi: hash('x') } }, 'host: '],
])('a request %j is refused with its field', async (request, message) => {
  const { status, body } = await post(await newToken('bad'), request as unknown as EnrolRequest);
  expect(status).toBe(400);
  expect(body).toMatchObject({ code: 'http/body', detail: expect.stringContaining(message) });
});

test('who may write gets a token that lets one host in; who may read gets none', async () => {
  const ask = async (scope: 'read' | 'write', body: unknown) => {
    const response = await fetch(`${server.url}/v1/enrol-tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await server.key('dash', scope)}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as { token: string; field?: string } };
  };
  const made = await ask('write', { name: 'dashboard' });
  expect(made.status).toBe(201);
  const { status, body } = await post(made.body.token, { host: 'web-9', identity: { dmi: hash('board 9') } });
  expect(status).toBe(201);
  expect(enrolResponse.parse(body)).toMatchObject({ tenant: 'dash', host: 'web-9' });
  expect((await ask('read', {})).status).toBe(403);
  expect(await ask('write', { uses: 0 })).toMatchObject({ status: 400, body: { field: 'uses' } });
});
