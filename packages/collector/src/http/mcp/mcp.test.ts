import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../../ingest/testing.ts';
import { startTestServer } from '../testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const endMs = Math.floor(Date.now() / 1000) * 1000;
const now = String(endMs / 1000);
const key = await server.key('acme', 'read');
await server.ingest(await server.key('acme', 'ingest'), testBatch({ endMs, host: 'acme-web' }));
const victim = await server.key('victim', 'admin');
await server.ingest(victim, testBatch({ endMs, host: 'victim-web' }));
await server.storage.channels.create(await server.storage.tenants.ensure('victim'), {
  kind: 'ntfy',
  name: 'victim-channel',
  url: 'https://ntfy.sh/victim',
});

interface Rpc {
  readonly status: number;
  readonly json: {
    readonly result?: Readonly<Record<string, unknown>>;
    readonly error?: { readonly code: number; readonly message: string };
    readonly code?: string;
  };
  readonly text: string;
}

async function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Rpc> {
  const response = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  // Each test looks at what it needs.
  return { status: response.status, text, json: (text.startsWith('{') ? JSON.parse(text) : {}) as Rpc['json'] };
}
const ask = (method: string, params?: object, headers = {}) =>
  post({ jsonrpc: '2.0', id: 1, method, ...(params === undefined ? {} : { params }) }, headers);
const call = async (name: string, args: object = {}, headers = {}) => {
  const { json } = await ask('tools/call', { name, arguments: args }, headers);
  return json.result as {
    readonly isError: boolean;
    readonly content: readonly { readonly text: string }[];
    readonly structuredContent?: Readonly<Record<string, never>>;
  };
};

const range = { start: String(endMs / 1000 - 60), end: now };
const everything: Readonly<Record<string, object>> = {
  query: { query: 'cpu_busy_ratio', time: now },
  query_range: { query: 'cpu_busy_ratio', ...range, step: '10s' },
  series: { query: '{__name__=~".+"}' },
  hosts: {},
  alerts: {},
  incidents: {},
  anomalies: range,
  jobs: {},
  costs: {},
};

test('an agent says hello, learns what it may ask, and asks', async () => {
  const hello = await ask('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  });
  expect(hello.json.result).toMatchObject({ protocolVersion: '2025-06-18', capabilities: { tools: {} } });
  expect((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202);
  expect((await ask('ping')).json.result).toEqual({});
  const { tools } = (await ask('tools/list')).json.result as {
    tools: { name: string; inputSchema: { type: string }; annotations: object }[];
  };
  expect(tools.map(({ name }) => name).toSorted()).toEqual([...Object.keys(everything), 'incident'].toSorted());
  for (const { inputSchema, annotations } of tools) {
    expect(inputSchema).toMatchObject({ type: 'object', properties: expect.anything() });
    expect(annotations).toMatchObject({ readOnlyHint: true });
  }
  const { structuredContent, content } = await call('query', everything['query']);
  expect(structuredContent).toMatchObject({ data: { result: [{ metric: { host: 'acme-web' } }] } });
  expect(JSON.parse(content[0]?.text ?? '')).toEqual(structuredContent);
  expect((await call('hosts')).structuredContent).toMatchObject({ hosts: [{ host: 'acme-web' }] });
  expect((await call('costs', { days: 3 })).structuredContent).toMatchObject({ budgets: {}, jobs: {}, prices: {} });
});

test.each(Object.entries(everything))('%s answers, and tells nothing of another tenant', async (name, args) => {
  const own = await call(name, args);
  expect([own.isError, own.content[0]?.text]).toEqual([false, expect.not.stringContaining('victim')]);
  const theirs = await call(name, args, { authorization: `Bearer ${victim}` });
  expect(theirs.isError).toBe(false);
  if (['query', 'query_range', 'series', 'hosts'].includes(name))
    expect(theirs.content[0]?.text).toContain('victim-web');
});

test('lists come in parts', async () => {
  for (const host of ['acme-a', 'acme-b', 'acme-c'] as const) {
    await server.ingest(await server.key('acme', 'ingest'), testBatch({ endMs, host }));
  }
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { structuredContent } = await call('hosts', { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    const part = structuredContent as unknown as { hosts: { host: string }[]; next?: string };
    expect(part.hosts.length).toBeLessThanOrEqual(2);
    seen.push(...part.hosts.map(({ host }) => host));
    cursor = part.next;
  } while (cursor !== undefined);
  expect(seen).toEqual(['acme-a', 'acme-b', 'acme-c', 'acme-web']);
});

test.each<[string, string, object, RegExp]>([
  ['a query that is none', 'query', { query: 'sum(' }, /parse error/u],
  ['an argument that is missing', 'query_range', { query: 'up' }, /^start: /u],
  ['an argument that there is not', 'hosts', { tenant: 'victim' }, /^tenant: expected only/u],
  ['an incident of nobody', 'incident', { id: '../../v1/keys' }, /incident/u],
  ['too many entries', 'hosts', { limit: 100_000 }, /^limit: /u],
])('%s is told to the model, which may do better', async (_, name, args, message) => {
  const { isError, content } = await call(name, args);
  expect([isError, content[0]?.text]).toEqual([true, expect.stringMatching(message)]);
});

test('an answer that is too long says what to do', async () => {
  const { isError, content } = await call('query_range', { query: 'vector(1)', start: '0', end: '500000', step: '60' });
  expect([isError, content[0]?.text]).toEqual([true, expect.stringMatching(/longer step/u)]);
});

test.each<[string, unknown, number, number]>([
  ['a method that there is not', { jsonrpc: '2.0', id: 1, method: 'resources/write' }, 200, -32_601],
  [
    'a tool that there is not',
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'delete' } },
    200,
    -32_602,
  ],
  ['several at once', [{ jsonrpc: '2.0', id: 1, method: 'ping' }], 400, -32_600],
  ['no JSON-RPC', { method: 'ping' }, 400, -32_600],
])('%s is refused', async (_, body, status, code) => {
  expect(await post(body)).toMatchObject({ status, json: { error: { code } } });
});

test('nobody gets in without a key that may read, from a page of another site, or in another version', async () => {
  expect((await ask('ping', {}, { authorization: '' })).status).toBe(401);
  expect((await ask('ping', {}, { authorization: 'Bearer tsr_nobody' })).status).toBe(401);
  const ingestKey = await server.key('acme', 'ingest');
  expect((await ask('tools/list', {}, { authorization: `Bearer ${ingestKey}` })).status).toBe(403);
  expect((await ask('ping', {}, { origin: 'https://evil.example' })).status).toBe(403);
  expect((await ask('ping', {}, { 'mcp-protocol-version': '1999-01-01' })).status).toBe(400);
  expect((await ask('ping', {}, { 'mcp-protocol-version': '2025-06-18' })).status).toBe(200);
  expect((await post('{')).status).toBe(400);
  for (const method of ['GET', 'DELETE']) expect((await fetch(`${server.url}/mcp`, { method })).status).toBe(405);
});

test('nothing can be written, whatever the key may do elsewhere', async () => {
  const before = await server.sql`select count(*) from audit`;
  const admin = { authorization: `Bearer ${await server.key('acme', 'admin')}` };
  for (const [name, args] of Object.entries(everything)) await call(name, { ...args, method: 'DELETE' }, admin);
  for (const [name, args] of Object.entries(everything)) await call(name, args, admin);
  expect(await server.sql`select count(*) from audit`).toEqual(before);
});

test('a call that has begun is answered although the collector is told to stop meanwhile; the next one is not let in', async () => {
  let isTold = false;
  const stopping = await startTestServer((storage) => ({
    ...storage,
    budgets: {
      ...storage.budgets,
      list: async (...args) => {
        isTold = true;
        void stopping.drain.close(60_000);
        return storage.budgets.list(...args);
      },
    },
  }));
  try {
    const askCosts = async () =>
      fetch(`${stopping.url}/mcp`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await stopping.key('acme', 'read')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'costs' } }),
      });
    const answer = await askCosts();
    expect(isTold).toBe(true);
    // Prices are asked for after budgets.
    expect(await answer.json()).toMatchObject({
      result: { isError: false, structuredContent: { budgets: {}, prices: {} } },
    });
    expect((await askCosts()).status).toBe(503);
  } finally {
    await stopping.close();
  }
});
