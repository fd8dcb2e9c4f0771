/**
 * Everything that the router has, with every kind of credential of one tenant, against another's: nothing is read,
 * told apart from what is not there, or changed. What is new on the router is tried without being named here.
 */
import { randomUUID } from 'node:crypto';
import { operations } from '@tarsier/protocol/api';
import type { LiveRequest } from '@tarsier/protocol/live';
import { afterAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { testBatch } from '../ingest/testing.ts';
import { sampleBody } from './testing-sample.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
/** Names of the other's things, which the one who is curious has heard of; and what they contain. */
const marker = 'victim_marker';
const secret = 'kept_to_itself';
const endMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}
type Headers = Readonly<Record<string, string>>;

async function send(method: string, path: string, headers: Headers, body?: unknown): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    redirect: 'manual',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined || /^(GET|HEAD)$/u.test(method) ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}
const bearer = (key: string): Headers => ({ authorization: `Bearer ${key}` });

// What the other tenant has: whatever can be made over the API, and what only happens.
const victim = await server.storage.tenants.ensure(marker);
const victimKey = await server.key(marker, 'admin');
await server.ingest(victimKey, testBatch({ endMs, host: `${marker}-host` }));
const ids: Record<string, string> = {};
for (const key of Object.keys(operations)) {
  const [method = '', path = ''] = key.split(' ');
  if (method !== 'POST' || path.includes('{') || path === '/v1/enrol') continue;
  const made = await send(method, path, bearer(victimKey), sampleBody(key, secret));
  if (made.status !== 201) continue;
  const [, id] = /"id":"([^"]+)"/u.exec(made.text) ?? [];
  if (id !== undefined) ids[path.split('/')[2] ?? ''] ??= id;
}
await send('PUT', `/v1/rule-files/${marker}`, { ...bearer(victimKey), 'content-type': 'application/yaml' });
const anomaly = {
  id: `${marker}-anomaly`,
  host: `${marker}-host`,
  start: endMs,
  peakAt: endMs,
  reason: secret,
};
await server.storage.anomalyEvents.save(victim, [
  {
    ...anomaly,
    id: `${marker}-event`,
    peakSurprise: 7,
    peakRatio: 0.4,
    detectors: [],
    seriesCount: 0,
    contributors: [],
  },
]);
await server.storage.anomalies.save(victim, [
  { ...anomaly, metric: 'm', labels: {}, detector: 'zscore', peakScore: 9, value: 1, expected: 0 },
]);
ids['anomalies'] = `${marker}-event`;
await server.sql`
  insert into incident (tenant_id, id, status, opened_at, priority, body)
  values (${victim.tenantId}, ${`${marker}-incident`}, 'open', 1, 1, ${server.sql.json({ id: `${marker}-incident`, title: secret })})`;
ids['incidents'] = `${marker}-incident`;
ids['rebalances'] = randomUUID();
await server.sql`
  insert into budget_rebalance (tenant_id, id, created_at, state, body, basis)
  values (${victim.tenantId}, ${ids['rebalances']}, 1, 'proposed', ${server.sql.json({ verdict: secret })}, '{}')`;
ids['recommendations'] = `${marker}-recommendation`;
await server.sql`
  insert into recommendation (tenant_id, id, state, gain, body, changed_at)
  values (${victim.tenantId}, ${ids['recommendations']}, 'open', 1, ${server.sql.json({ title: secret })}, 1)`;
await server.storage.models.save(victim, {
  name: marker,
  kind: secret,
  parameters: {},
  metrics: {},
  seed: 1,
  window: { from: 0, to: 1 },
  code: 1,
  jobId: randomUUID(),
  data: new Uint8Array([1]),
});

// And every kind of credential that the one who is curious has.
const attackerKeys = await Promise.all(
  (['ingest', 'read', 'write', 'admin'] as const).map(
    async (scope) => [scope, await server.key('attacker', scope)] as const,
  ),
);
const attackerAdmin = attackerKeys[3]?.[1] ?? '';
const attacker = await server.storage.tenants.ensure('attacker');
await server.ingest(attackerAdmin, testBatch({ endMs, host: 'own-host' }));
const origin = 'https://shop.example';
const tokenOf = async (path: string, body: object): Promise<string> =>
  (JSON.parse((await send('POST', path, bearer(attackerAdmin), body)).text) as { token: string }).token;
const enrolToken = await server.storage.enrolments.createToken(attacker, {
  name: 'x',
  expiresAt: Date.now() + 600_000,
  uses: 1,
});
const enrolled = await send('POST', '/v1/enrol', bearer(enrolToken), {
  host: 'enrolled',
  identity: { machine: 'a'.repeat(64) },
});
const signInCode = await server.storage.sessions.createSignInCode(attacker, 60_000, Date.now());
const session = await fetch(`${server.url}/sign-in?code=${signInCode}`, { redirect: 'manual' });
const credentials: readonly (readonly [kind: string, Headers])[] = [
  ['nothing', {}],
  ...attackerKeys.map(([scope, key]) => [`a key of scope ${scope}`, bearer(key)] as const),
  ['the key of a host', bearer((JSON.parse(enrolled.text) as { key: string }).key)],
  ['an access token', bearer(await tokenOf('/v1/tokens', {}))],
  [
    'a view token',
    { ...bearer(await tokenOf('/v1/view-tokens', { selectors: ['{__name__=~".+"}'], origins: [origin] })), origin },
  ],
  ['a session', { cookie: session.headers.get('set-cookie')?.split(';')[0] ?? '', origin: server.url }],
];

const routes = [
  ...new Set(
    server.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/v1/live')
      .map(({ method, path }) => `${method} ${path}`),
  ),
];

/** The address with what is the other's, or with what is nobody's, in place of its parameters. */
function addressOf(path: string, mine: (text: string) => string): string {
  const resource = path.split('/')[2] ?? '';
  return path.replaceAll(/:(\w+)(\{[^}]*\](?:[^}]|\}(?!$|\/))*\})?/gu, (_, name: string) => {
    if (name === 'host') return mine(`${marker}-host`);
    if (name === 'name') return resource === 'rule-files' ? mine(marker) : 'host';
    if (name === 'file') return `${mine(marker)}.svg`;
    if (name === 'format') return 'csv';
    if (name === 'kind') return 'acknowledge';
    return mine(ids[resource] ?? marker);
  });
}

/** Asks for everything there is, where something is to be asked for. */
const everything = new URLSearchParams([
  ['query', '{__name__=~".+"}'],
  ['match[]', '{__name__=~".+"}'],
  ['selector', '{__name__=~".+"}'],
  ['start', String(endMs / 1000 - 3_600)],
  ['end', String(endMs / 1000 + 120)],
  ['step', '60'],
  ['from', '2026-11-01'],
  ['to', '2026-11-30'],
  ['host', `${marker}-host`],
]);

/** Without what differs from request to request. */
function plain({ status, text }: Answer, spoken: readonly string[]): string {
  const told = spoken.reduce((rest, id) => rest.replaceAll(id, 'ID'), text);
  return `${status} ${told
    .replaceAll(/[\da-f]{8}-[\da-f-]{27}/gu, 'UUID')
    .replaceAll(/\d{9,}(?:\.\d+)?/gu, 'TIME')
    .replaceAll(/tsr_\w+_?[\w-]{32}|"lastFour":"[^"]*"|"id":"[\da-f]{12}"|eyJ[\w.-]+/gu, 'SECRET')}`;
}

/** Every row that the other has, whatever table it is in. */
async function everyRow(): Promise<unknown> {
  await server.usageMeter.flush();
  const tables = await server.sql<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`;
  const rows = await Promise.all(
    tables.map(async ({ name }) => [
      name,
      await server.sql`select * from ${server.sql(name)} t where tenant_id = ${victim.tenantId} order by t::text`,
    ]),
  );
  return rows;
}

/**
 * What takes bodies of other formats, or names what has to be there: it is looked at in tests of its own, what AI agents
 * ask in `mcp/mcp.test.ts`, what a Prometheus asks in `remote-read.test.ts`.
 */
const isRefused =
  /\/(?:mcp|write|v1\/read|import\/\w+|enrol|rule-lab|forecast|preview|channels\/:id\/test|shifts)$|alertmanager|POST \/v1\/(?:rotations|overrides)$|PUT \/v1\/(?:rotations|overrides)/u;

test('the other has something of everything, and sees it: what follows could find it', async () => {
  const seen: string[] = [];
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ');
    if (method !== 'GET') continue;
    const { text } = await send(method, `${addressOf(path, (id) => id)}?${everything}`, bearer(victimKey));
    if (text.includes(marker) || text.includes(secret)) seen.push(route);
  }
  expect(seen).toEqual(
    expect.arrayContaining([
      'GET /v1/hosts',
      'GET /v1/rules',
      'GET /v1/rules/:id',
      'GET /v1/channels/:id',
      'GET /v1/silences/:id',
      'GET /v1/keys',
      'GET /v1/series',
      'GET /v1/query_range',
      'GET /v1/export/:format',
      'GET /v1/anomalies',
      'GET /v1/anomalies/events/:id',
      'GET /v1/cardinality',
      'GET /prometheus/api/v1/query',
      'GET /prometheus/api/v1/label/:name/values',
      'GET /v1/events',
    ]),
  );
});

test.each(credentials)(
  'with %s nothing of another tenant is read, told apart from what is not there, or changed',
  async (kind, headers) => {
    const before = await everyRow();
    const refused: string[] = [];
    const stranger = marker.replace('victim', 'nobody');
    const nobody = (id: string): string => (id.includes(marker) ? id.replaceAll(marker, stranger) : randomUUID());
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      // Signing out is about the session itself, which the others here still need.
      if (route === 'DELETE /v1/session') continue;
      const key = `${method} ${path.replaceAll(/:(\w+)/gu, '{$1}')}`;
      const spoken: string[] = [];
      const ask = (mine: (text: string) => string, query: string): Promise<Answer> => {
        const address = addressOf(path, (id) => {
          const said = mine(id);
          spoken.push(said);
          return said;
        });
        return send(
          method,
          `${address}?${query}`,
          headers,
          method === 'GET' ? undefined : (sampleBody(key, 'own') ?? {}),
        );
      };
      const theirs = await ask((id) => id, everything.toString());
      const none = await ask(nobody, everything.toString().replaceAll(marker, stranger));
      const said = [...spoken, `${marker}-host`, `${stranger}-host`];
      const [first, second] = [plain(theirs, said), plain(none, said)];
      if (theirs.status === 400) refused.push(route);
      expect(theirs.status, route).toBeLessThan(500);
      expect(first, route).not.toContain(secret);
      // There it is told what it has said itself.
      if (route !== 'GET /v1/audit') expect(first, route).not.toContain(marker);
      if (path.includes(':')) expect(`${route} ${first}`).toBe(`${route} ${second}`);
    }
    expect(await everyRow()).toEqual(before);
    // So that nothing is passed over because what was sent made no sense.
    if (kind.endsWith('admin')) expect(refused.filter((route) => !isRefused.test(route))).toEqual([]);
  },
);

test.each(credentials)(
  'on the live feed, with %s and whatever is said, nothing of another tenant is heard',
  async (_, headers) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/live`, { headers: { ...headers } });
    const heard: string[] = [];
    socket.on('message', (data: Buffer) => heard.push(data.toString('latin1')));
    await new Promise((resolve) => {
      socket.once('open', resolve);
    });
    const token = headers['authorization']?.slice('Bearer '.length);
    const requests: { readonly [Type in LiveRequest['type']]: readonly Extract<LiveRequest, { type: Type }>[] } = {
      hello: [{ type: 'hello', ...(token === undefined ? {} : { token }) }],
      sub: [
        { type: 'sub', id: 1, selector: '{__name__=~".+"}', windowMs: 3_600_000 },
        { type: 'sub', id: 2, selector: `{host="${marker}-host"}`, windowMs: 3_600_000 },
        { type: 'sub', id: 3, selector: '{__name__=~".+"}', windowMs: 3_600_000, since: Date.now() - 60_000 },
      ],
      alerts: [{ type: 'alerts', which: 'all' }],
      models: [{ type: 'models', which: 'all' }],
      jobs: [
        { type: 'jobs', which: 'all' },
        { type: 'jobs', which: { job: ids['jobs'] ?? randomUUID() } },
      ],
      act: [{ type: 'act', id: 4, incident: ids['incidents'] ?? '', action: { kind: 'comment', text: 'mine' } }],
      unsub: [{ type: 'unsub', id: 2 }],
      ping: [{ type: 'ping', at: 1 }],
    };
    for (const message of Object.values(requests).flat()) {
      socket.send(JSON.stringify(message));
    }
    await expect.poll(() => heard.some((text) => /pong|auth\//u.test(text))).toBe(true);
    await server.ingest(
      victimKey,
      testBatch({ seq: heard.length + 1, endMs: endMs + heard.length * 10_000, host: `${marker}-host` }),
    );
    await server.storage.models.promote(victim, marker, 1);
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ type: 'ping', at: 2 }));
      await expect
        .poll(
          () => heard.filter((text) => text.includes('pong')).length + (socket.readyState === WebSocket.OPEN ? 0 : 2),
        )
        .toBeGreaterThan(1);
    }
    socket.terminate();
    // What it has said itself it may hear again.
    expect(heard.join('\n').replaceAll(`there is no incident ${ids['incidents'] ?? ''}`, '')).not.toMatch(
      new RegExp(`${marker}|${secret}`, 'u'),
    );
  },
);
