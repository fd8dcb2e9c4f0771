import { afterAll, expect, test } from 'vitest';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { storage, sql } = server;
const silence = { matchers: ['host="db-1"'], endsAt: Date.now() + 3_600_000, comment: 'upgrade' };

async function client(tenant: string, scope: 'read' | 'write' | 'admin' = 'admin') {
  const key = await server.key(tenant, scope);
  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // Whatever the route answers: each test looks at what it needs.
    const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, never>;
    return { status: response.status, headers: response.headers, json };
  };
}

test('a request with an idempotency key is done once, also when it comes twice at once', async () => {
  const call = await client('once');
  const make = (key: string, body: object = silence) => call('POST', '/v1/silences', body, { 'idempotency-key': key });
  const first = await make('a');
  expect(first.status).toBe(201);
  const again = await make('a');
  expect([again.status, again.json, again.headers.get('idempotency-replayed')]).toEqual([201, first.json, 'true']);
  expect(await make('a', { ...silence, comment: 'other' })).toMatchObject({
    status: 422,
    json: { code: 'http/idempotency-reuse' },
  });
  const many = await Promise.all(Array.from({ length: 8 }, () => make('b')));
  expect(many.filter(({ headers }) => headers.get('idempotency-replayed') === null).length).toBeGreaterThan(0);
  expect(many.every(({ status }) => status === 201 || status === 409)).toBe(true);
  expect((await call('GET', '/v1/silences')).json['silences']).toHaveLength(2);
  // What was refused may be sent again under its key, mended.
  expect((await make('c', {})).status).toBe(400);
  expect((await make('c')).status).toBe(201);
  const other = await client('once-other');
  expect(
    (await other('POST', '/v1/silences', silence, { 'idempotency-key': 'a' })).headers.get('idempotency-replayed'),
  ).toBe(null);
  expect(await call('POST', '/v1/silences', silence, { 'idempotency-key': 'with space' })).toMatchObject({
    status: 400,
    json: { code: 'http/idempotency-key' },
  });
});

test('a secret is not given a second time, and is not kept', async () => {
  const call = await client('secret');
  const make = () => call('POST', '/v1/enrol-tokens', { name: 'x' }, { 'idempotency-key': 'k' });
  const first = await make();
  expect(first.json['token']).toMatch(/^tsr_enrol_/u);
  expect(await make()).toMatchObject({ status: 409, json: { code: 'http/idempotency-secret' } });
  const rows = await sql`select body from idempotency_key where body like '%tsr_%'
    union all select body from audit where body like '%tsr_%'`;
  expect(rows).toEqual([]);
});

test('a change that is made of what was read is refused when somebody else was faster', async () => {
  const call = await client('etag');
  const { json } = await call('POST', '/v1/silences', silence);
  const path = `/v1/silences/${String(json['id'])}`;
  const read = await call('GET', path);
  const etag = read.headers.get('etag') ?? '';
  expect((await call('GET', path, undefined, { 'if-none-match': etag })).status).toBe(304);
  const change = (comment: string) => call('PUT', path, { ...silence, comment }, { 'if-match': etag });
  expect((await change('mine')).status).toBe(200);
  expect(await change('theirs')).toMatchObject({ status: 412, json: { code: 'http/precondition' } });
  expect((await call('GET', path)).json).toMatchObject({ comment: 'mine' });
  expect((await call('DELETE', path, undefined, { 'if-match': '*' })).status).toBe(204);
});

test('a channel that is read, changed and sent back keeps the secret that was not shown', async () => {
  const call = await client('secrets');
  const made = await call('POST', '/v1/channels', {
    kind: 'webhook',
    name: 'hook',
    url: 'https://hooks.example/1',
    secret: 'hush',
  });
  expect(made.json).toMatchObject({ secret: '(hidden)' });
  const { id, ...shown } = made.json;
  expect((await call('PUT', `/v1/channels/${String(id)}`, { ...shown, name: 'renamed' })).status).toBe(200);
  const [kept] = await storage.channels.list(await storage.tenants.ensure('secrets'));
  expect(kept).toMatchObject({ name: 'renamed', secret: 'hush' });
});

test('a list is read in parts, each entry once, also when entries go meanwhile', async () => {
  const call = await client('pages');
  for (let i = 0; i < 5; i++) await call('POST', '/v1/silences', { ...silence, comment: String(i) });
  const seen: string[] = [];
  let path: string | undefined = '/v1/silences?limit=2';
  while (path !== undefined) {
    const { json }: { json: Record<string, unknown> } = await call('GET', path);
    const part = json['silences'] as { id: string; comment: string }[];
    expect(part.length).toBeLessThanOrEqual(2);
    seen.push(...part.map(({ comment }) => comment));
    if (seen.length === 2) await call('DELETE', `/v1/silences/${part[1]?.id ?? ''}`);
    path = json['next'] === undefined ? undefined : `/v1/silences?limit=2&cursor=${json['next'] as string}`;
  }
  expect(seen).toEqual(['0', '1', '2', '3', '4']);
  expect(await call('GET', '/v1/alerts?cursor=nonsense')).toMatchObject({
    status: 400,
    json: { code: 'http/cursor', field: 'cursor' },
  });
});

test('every change is noted with who, what, from where, before and after; an altered entry is found', async () => {
  const call = await client('audited');
  const { json } = await call('POST', '/v1/silences', silence);
  const path = `/v1/silences/${String(json['id'])}`;
  const put = await call('PUT', path, { ...silence, comment: 'longer' }, { 'x-request-id': 'request-of-the-test' });
  expect(put.headers.get('x-request-id')).toBe('request-of-the-test');
  await call('DELETE', path);
  await call('POST', '/v1/silences', {});
  const { json: log } = await call('GET', '/v1/audit');
  expect(log['entries']).toMatchObject([
    { number: 3, action: 'DELETE /v1/silences/{id}', target: path, before: { comment: 'longer' }, after: null },
    {
      number: 2,
      action: 'PUT /v1/silences/{id}',
      requestId: 'request-of-the-test',
      before: { comment: 'upgrade' },
      after: { comment: 'longer' },
    },
    {
      number: 1,
      actor: { kind: 'key', name: 'test' },
      action: 'POST /v1/silences',
      target: path,
      from: '127.0.0.1',
      before: null,
      after: { comment: 'upgrade' },
    },
  ]);
  const reader = await client('audited', 'write');
  expect((await reader('GET', '/v1/audit')).status).toBe(403);
  const scope = await storage.tenants.ensure('audited');
  const good = await storage.audit.verify(scope);
  expect(good).toMatchObject({ entries: 3, head: expect.stringMatching(/^[0-9a-f]{64}$/u) });
  const { tenantId } = scope;
  await sql`update audit set body = replace(body, 'longer', 'nothing') where tenant_id = ${tenantId} and number = 2`;
  expect(await storage.audit.verify(scope)).toMatchObject({ fault: { number: 2, why: 'entry 2 was altered' } });
  await sql`delete from audit where tenant_id = ${tenantId} and number = 2`;
  expect(await storage.audit.verify(scope)).toMatchObject({ fault: { number: 2, why: 'entry 2 is missing' } });
});

test('entries that are written at once are one chain', async () => {
  const call = await client('crowd');
  await Promise.all(Array.from({ length: 12 }, () => call('POST', '/v1/silences', silence)));
  expect(await storage.audit.verify(await storage.tenants.ensure('crowd'))).toMatchObject({ entries: 12 });
});

test('pages of other sites may not ask, unless the tenant lets them, and only for its own data', async () => {
  const site = 'https://status.example';
  const call = await client('cors');
  const other = await client('cors-other');
  const preflight = () =>
    fetch(`${server.url}/v1/hosts`, {
      method: 'OPTIONS',
      headers: {
        origin: site,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
  const allowed = 'access-control-allow-origin';
  expect((await preflight()).headers.get(allowed)).toBe(null);
  expect((await call('GET', '/v1/hosts', undefined, { origin: site })).headers.get(allowed)).toBe(null);
  expect(await call('PUT', '/v1/cors-origins', { origins: ['https://status.example/path'] })).toMatchObject({
    status: 400,
  });
  expect((await call('PUT', '/v1/cors-origins', { origins: [site] })).json).toEqual({ origins: [site] });
  const asked = await preflight();
  expect([asked.status, asked.headers.get(allowed)]).toEqual([204, site]);
  expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
  const answer = await call('GET', '/v1/hosts', undefined, { origin: site });
  expect([answer.headers.get(allowed), answer.headers.get('vary')]).toEqual([site, 'origin']);
  expect(answer.headers.get('access-control-allow-credentials')).toBe(null);
  expect((await other('GET', '/v1/hosts', undefined, { origin: site })).headers.get(allowed)).toBe(null);
  expect((await call('GET', '/v1/hosts', undefined, { origin: 'https://evil.example' })).headers.get(allowed)).toBe(
    null,
  );
});
