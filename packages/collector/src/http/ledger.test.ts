/** What agents say of their samples beside what is stored of them: that it adds up, and is seen where it does not. */
import { randomUUID } from 'node:crypto';
import type { Answer, LedgerReport } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { silentLog } from '../log.ts';
import { loadConfig } from '../config.ts';
import { operatorCommands, type OperatorArguments } from '../operator/operator-commands.ts';
import { defaultPolicy } from '../storage/compaction/compactor.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const key = await server.key('default', 'ingest');
const reader = await server.key('default', 'read');

const hourMs = 3_600_000;
/** Ten ticks in the middle of the hour before this one: 20 samples. */
const hour = Math.floor(Date.now() / hourMs) * hourMs - hourMs;
const endMs = hour + 1_800_000;
const over = hour + hourMs;

function report(host: string, body: Partial<LedgerReport>, by = key) {
  return fetch(`${server.url}/v1/hosts/${host}/ledger`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${by}`, 'content-type': 'application/json' },
    body: JSON.stringify({ source: randomUUID(), through: over, hours: [], ...body }),
  });
}

async function ledgerOf(host: string): Promise<Answer<'GET /v1/hosts/{host}/ledger'>> {
  const response = await fetch(`${server.url}/v1/hosts/${host}/ledger`, {
    headers: { authorization: `Bearer ${reader}` },
  });
  expect(response.status).toBe(200);
  // Checked by the test server against its own schema.
  return (await response.json()) as Answer<'GET /v1/hosts/{host}/ledger'>;
}

/** Ships so many batches of 20 samples. */
async function ship(host: string, count: number): Promise<void> {
  for (let seq = 0; seq < count; seq++) {
    const response = await server.ingest(key, testBatch({ host, seq, endMs: endMs + seq * 10_000 }));
    expect(response.status).toBe(204);
  }
}

const row = { hour, taken: 0, sent: 0, dropped: {}, crashes: 0 };

function command(args: OperatorArguments) {
  const { stdin, stdout } = process;
  return operatorCommands['ledger']?.(args, {
    storage: server.storage,
    config: loadConfig({}),
    now: Date.now,
    stdin,
    stdout,
  });
}

test('an hour adds up: what was taken is stored or dropped, before and after it is put together, and sent twice', async () => {
  const source = randomUUID();
  await ship('fine', 5);
  await ship('fine', 5);
  const hours = [{ ...row, taken: 110, sent: 100, dropped: { 'spool/full': 6, 'ingest/too-late': 4 }, crashes: 1 }];
  expect((await report('fine', { source, hours })).status).toBe(204);
  const expected = {
    host: 'fine',
    state: 'balanced',
    through: over,
    hours: [
      {
        hour,
        state: 'balanced',
        taken: 110,
        sent: 100,
        waiting: 0,
        dropped: { 'spool/full': 6, 'ingest/too-late': 4 },
        stored: 100,
        crashes: 1,
      },
    ],
  };
  expect(await ledgerOf('fine')).toEqual(expected);
  const eager = { ...defaultPolicy, coldMs: 0, sealAfterMs: -7_200_000, settleMs: 0, resealAfterMs: 0 };
  await server.storage.createCompactor(silentLog, eager).run(Date.now());
  const [left] = await server.sql<{ count: number }[]>`select count(*)::int as count from batch`;
  expect(left?.count).toBe(0);
  // And an account that is told again is the same one.
  await report('fine', { source, hours });
  expect(await ledgerOf('fine')).toEqual(expected);
  const told = await command({ host: 'fine' });
  expect(told?.ok).toBe(true);
  expect(told?.text).toContain('fine: balanced; told by its agents until');
  expect(told?.text).toMatch(/ 110 +100 +10 +0 +balanced\n/u);
  expect(told?.text).toContain('dropped 6: spool/full\n');
  expect(told?.text).toContain('the agent was killed 1 time: ');
});

test('samples that an agent was told are stored, and are not, are a fault at once; the command fails', async () => {
  await ship('short', 2);
  await report('short', { through: hour + 1, hours: [{ ...row, taken: 60, sent: 60 }] });
  expect(await ledgerOf('short')).toMatchObject({
    state: 'fault',
    hours: [{ state: 'fault', why: '20 samples that an agent was told are stored are not' }],
  });
  const told = await command({ host: 'short' });
  expect(told?.ok).toBe(false);
  expect(told?.text).toMatch(/FAULT: 20 samples that an agent was told are stored are not\n/u);
  expect((await command({}))?.ok).toBe(false);
});

test('what is stored and was never taken is a fault once the hour is accounted for, and not before', async () => {
  await ship('more', 3);
  const source = randomUUID();
  const hours = [{ ...row, taken: 40, sent: 40 }];
  await report('more', { source, through: over - 1, hours });
  expect(await ledgerOf('more')).toMatchObject({ state: 'open', hours: [{ state: 'open', stored: 60 }] });
  await report('more', { source, through: over, hours: [] });
  expect(await ledgerOf('more')).toMatchObject({ hours: [{ why: '20 samples are stored that no agent took' }] });
});

test('what waits may be stored already, its answer lost on the way; two agents of a host are added up', async () => {
  await ship('both', 3);
  await report('both', { hours: [{ ...row, taken: 50, sent: 20 }] });
  await report('both', { hours: [{ ...row, taken: 30, sent: 30 }] });
  expect(await ledgerOf('both')).toMatchObject({
    state: 'waiting',
    hours: [{ taken: 80, sent: 50, waiting: 30, stored: 60 }],
  });
});

test('a host without an account says so; one that is deleted leaves none; another host’s key writes none', async () => {
  await ship('gone', 1);
  expect(await ledgerOf('gone')).toMatchObject({ state: 'unaccounted', hours: [{ stored: 20 }] });
  await report('gone', { hours: [{ ...row, taken: 20, sent: 20 }] });
  const tenant = await server.storage.tenants.ensure('default');
  await server.storage.deletions.deleteHost(tenant, 'gone');
  const rows = await server.sql`
    select 1 from ledger l left join host h using (tenant_id, host_id) where h.name is null
    union all select 1 from ledger_source l left join host h using (tenant_id, host_id) where h.name is null`;
  expect(rows).toHaveLength(0);
  expect((await report('gone', {})).status).toBe(404);
  const own = await server.storage.keys.create(tenant, { name: 'of own', scope: 'ingest' });
  await server.sql`update api_key set host = 'own' where name = 'of own'`;
  const refused = await report('fine', {}, own);
  expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'auth/host', field: 'host' }]);
});

test.each([
  ['a time that begins no hour', { hours: [{ ...row, hour: hour + 1 }] }, 'hours.0.hour'],
  ['a negative count', { hours: [{ ...row, taken: -1 }] }, 'hours.0.taken'],
  ['no name', { source: 'x' }, 'source'],
])('an account with %s is refused, naming the field', async (_, body, field) => {
  const response = await report('fine', body);
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'http/body', field }]);
});

test('the command says what it wants', async () => {
  await expect(command({ host: 'nobody' })).rejects.toMatchObject({ code: 'usage/host' });
  await expect(command({ hours: '0' })).rejects.toMatchObject({ code: 'usage/hours' });
  await expect(command({ tenant: 'nobody' })).rejects.toMatchObject({ code: 'usage/tenant' });
});
