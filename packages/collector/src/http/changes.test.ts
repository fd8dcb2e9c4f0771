/** A change, what it was made of and its note in the audit log: together, or not at all. */
import { afterAll, expect, test } from 'vitest';
import { newChangeEventSchema, operations, type Operation } from '@tarsier/protocol/api';
import { startTestServer } from './testing.ts';

const fault = { audit: false, afterAudit: false };
const server = await startTestServer((storage) => ({
  ...storage,
  audit: {
    ...storage.audit,
    async append(scope, event) {
      if (fault.audit) throw new Error('the disk is full');
      await storage.audit.append(scope, event);
      if (fault.afterAudit) throw new Error('the power went');
    },
  },
}));
afterAll(() => server.close());
const { storage, sql } = server;
const silence = { matchers: ['host="db-1"'], endsAt: Date.now() + 3_600_000, comment: 'upgrade' };

async function client(tenant: string) {
  const key = await server.key(tenant, 'admin');
  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    // Each test looks at what it needs.
    const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, never>;
    return { status: response.status, etag: response.headers.get('etag') ?? '', json };
  };
}

/** Every row of a tenant, as a hash for each table; without when a key was used. */
async function stateOf(tenant: string): Promise<Readonly<Record<string, string>>> {
  const { tenantId } = await storage.tenants.ensure(tenant);
  const tables = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'tenant' order by 1`;
  const hashes: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await sql<{ hash: string }[]>`
      select coalesce(md5(string_agg(r, ',' order by r)), '') as hash
      from (select (to_jsonb(t) - 'last_used_at')::text as r from ${sql(name)} t where tenant_id = ${tenantId}) rows`;
    hashes[name] = row?.hash ?? '';
  }
  return hashes;
}

const changes: readonly [method: string, path: string, body?: unknown, type?: string][] = [
  ['POST', '/v1/silences', silence],
  ['PUT', '/v1/silences/ID', { ...silence, comment: 'changed' }],
  ['DELETE', '/v1/silences/ID'],
  ['POST', '/v1/keys', { name: 'k', scope: 'read' }],
  ['POST', '/v1/enrol-tokens', { name: 'x' }],
  ['POST', '/v1/rules', { kind: 'threshold', name: 'r', selector: 'cpu_busy_ratio', op: '>', value: 2 }],
  ['POST', '/v1/channels', { kind: 'ntfy', name: 'c', url: 'https://ntfy.sh/ops' }],
  ['PUT', '/v1/cors-origins', { origins: ['https://shop.example'] }],
  ['PUT', '/v1/budgets/b', { amount: '12.50', kind: 'jobs' }],
  ['PUT', '/v1/rule-files/f.yaml', 'groups: []', 'application/yaml'],
  ['POST', '/v1/events', { kind: 'deployment', title: 'v2' }],
  ['POST', '/v1/jobs', { type: 'noop', payload: {} }],
  ['PUT', '/v1/detection/budget', { perHostDays: 30, pages: 1 }],
  [
    'POST',
    '/alertmanager/api/v2/silences',
    {
      matchers: [{ name: 'host', value: 'a', isRegex: false }],
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + 3_600_000).toISOString(),
      createdBy: 'ann',
      comment: 'x',
    },
  ],
];

test.each(changes)('%s %s is not done where it can not be noted', async (method, path, body, type) => {
  const call = await client('noted');
  const { json } = await call('POST', '/v1/silences', silence);
  const address = path.replace('ID', String(json['id']));
  const headers = type === undefined ? {} : { 'content-type': type };
  const before = await stateOf('noted');
  for (const when of ['audit', 'afterAudit'] as const) {
    fault[when] = true;
    const failed = await call(method, address, body, headers);
    fault[when] = false;
    expect(failed.status, when).toBe(500);
    expect(await stateOf('noted'), when).toEqual(before);
  }
  const entries = async () => (await storage.audit.verify(await storage.tenants.ensure('noted'))).entries;
  const noted = await entries();
  const done = await call(method, address, body, headers);
  expect(done.status, JSON.stringify(done.json)).toBeLessThan(300);
  expect(await entries()).toBe(noted + 1);
});

test('a request that was not done may be sent again under its key, and is done then', async () => {
  const call = await client('again');
  const make = () => call('POST', '/v1/silences', silence, { 'idempotency-key': 'k' });
  fault.afterAudit = true;
  expect((await make()).status).toBe(500);
  fault.afterAudit = false;
  const made = await make();
  expect(made.status).toBe(201);
  expect(await make()).toMatchObject({ status: 201, json: { id: made.json['id'] } });
  expect((await call('GET', '/v1/silences')).json['silences']).toHaveLength(1);
});

test('of two who change what they have read at the same time one is told that it has changed', async () => {
  const call = await client('race');
  const { json } = await call('POST', '/v1/silences', silence);
  const path = `/v1/silences/${String(json['id'])}`;
  for (let round = 0; round < 10; round++) {
    const { etag } = await call('GET', path);
    const answers = await Promise.all(
      ['ann', 'bob', 'cat'].map((who) =>
        call('PUT', path, { ...silence, comment: `${who} ${round}` }, { 'if-match': etag }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412, 412]);
    const won = answers.find(({ status }) => status === 200);
    expect((await call('GET', path)).json['comment']).toBe(won?.json['comment']);
  }
  // And one that deletes it meanwhile.
  const { etag } = await call('GET', path);
  const [put, gone] = await Promise.all([
    call('PUT', path, { ...silence, comment: 'last' }, { 'if-match': etag }),
    call('DELETE', path, undefined, { 'if-match': etag }),
  ]);
  expect([put.status, gone.status].filter((status) => status === 412)).toHaveLength(1);
  // Each entry's `before` is the `after` of the one before: nothing came between reading and writing.
  const entries = (await call('GET', '/v1/audit?limit=1000')).json['entries'] as unknown as readonly {
    readonly before: unknown;
    readonly after: unknown;
  }[];
  for (const [index, { before }] of entries.entries()) {
    if (index + 1 < entries.length) expect(before).toEqual(entries[index + 1]?.after);
  }
  expect(await storage.audit.verify(await storage.tenants.ensure('race'))).not.toHaveProperty('fault');
});

test('writers of many kinds, and a second collector, write one chain', async () => {
  const call = await client('chain');
  const scope = await storage.tenants.ensure('chain');
  const event = {
    at: 1,
    actor: { kind: 'command', name: 'x' },
    action: 'x',
    target: '',
    from: '',
    requestId: '',
  } as const;
  await Promise.all(
    Array.from({ length: 30 }, (_, index) => {
      if (index % 3 === 0) return call('POST', '/v1/silences', silence);
      if (index % 3 === 1) return call('PUT', '/v1/budgets/b', { amount: `${index}.00`, kind: 'jobs' });
      return storage.audit.append(scope, { ...event, before: null, after: index });
    }),
  );
  const { entries, fault: found } = await storage.audit.verify(scope);
  expect([entries, found]).toEqual([30, undefined]);
});

test('a change that waits for others for too long is to come again', async () => {
  const call = await client('busy');
  const scope = await storage.tenants.ensure('busy');
  const held = Promise.withResolvers<void>();
  const holding = storage.change(scope, '/v1/budgets/b', () => held.promise);
  const refused = await call('PUT', '/v1/budgets/b', { amount: '1.00', kind: 'jobs' });
  held.resolve();
  await holding;
  expect(refused).toMatchObject({ status: 503, json: { code: 'storage/busy', retryable: true } });
  expect((await call('PUT', '/v1/budgets/b', { amount: '1.00', kind: 'jobs' })).status).toBe(200);
});

test('what is used after its change has ended is an ordinary scope', async () => {
  const scope = await storage.tenants.ensure('kept');
  const kept = await storage.change(scope, undefined, (inner) => Promise.resolve(inner));
  const made = await storage.changeEvents.save(kept, newChangeEventSchema.parse({ title: 'later' }));
  expect(await storage.changeEvents.find(scope, made.id)).toMatchObject({ title: 'later' });
});

test('every operation that changes what is there says what that was', () => {
  expect(server.noBefore).toEqual([]);
});

test('every operation that changes something of somebody’s is noted', () => {
  const unnoted = Object.entries<Operation>(operations)
    .filter(
      ([key, { readOnly, scope, tag }]) =>
        !key.startsWith('GET') && readOnly !== true && (scope === 'public' || tag === 'samples'),
    )
    .map(([key]) => key);
  // Samples are counted, not noted; the others are how one becomes known, before there is anybody to note.
  expect(unnoted.toSorted()).toEqual([
    'POST /v1/enrol',
    'POST /v1/import/csv',
    'POST /v1/import/json',
    'POST /v1/import/prometheus',
    'POST /v1/ingest',
    'POST /v1/invitations/accept',
    'POST /v1/metrics',
    'POST /v1/sign-in',
    'PUT /v1/hosts/{host}/ledger',
  ]);
});
