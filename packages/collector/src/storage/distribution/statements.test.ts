/** Every statement of a run of the collector, looked at as a database that is distributed by tenant would. */
import { operations } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { startTestServer } from '../../http/testing.ts';
import { sampleBody } from '../../http/testing-sample.ts';
import { testBatch } from '../../ingest/testing.ts';
import { silentLog } from '../../log.ts';
import { defaultPolicy } from '../compaction/compactor.ts';
import { look, rowStatements } from './testing-statements.ts';

const statements = new Set<string>();
const server = await startTestServer(undefined, [], (statement) => statements.add(statement));
afterAll(() => server.close());
const { storage, sql } = server;

/** Not asked here, or only later. */
const apart = ['GET /v1/live', 'DELETE /v1/hosts/{host}', 'POST /v1/enrol'];

/** Everything that the API has, and what collectors do by themselves. */
async function run(): Promise<void> {
  const scope = await storage.tenants.ensure('default');
  const key = await server.key('default', 'admin');
  const endMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  for (let seq = 0; seq < 3; seq++) await server.ingest(key, testBatch({ seq, endMs: endMs - seq * 10_000 }));
  const ids: Record<string, string> = {};
  const reading: Promise<void>[] = [];
  const send = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined || method === 'GET' ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    return response.text();
  };
  const order = ['POST', 'PUT', 'GET', 'DELETE'];
  const all = Object.keys(operations).toSorted(
    (a, b) => order.indexOf(a.split(' ')[0] ?? '') - order.indexOf(b.split(' ')[0] ?? ''),
  );
  const ask = async (operation: string): Promise<void> => {
    const [method = '', path = ''] = operation.split(' ');
    const resource = path.split('/')[2] ?? '';
    const address = path.replaceAll(/\{(\w+)\}/gu, (_, name: string) =>
      name === 'host' ? 'web-1' : (ids[resource] ?? 'x'),
    );
    const query = method === 'GET' && /query|export|forecast|anomal/u.test(path) ? '?query=cpu_busy_ratio' : '';
    const answer = await send(method, address + query, sampleBody(operation, 'x'));
    const [, id] = /"id":"([^"]+)"/u.exec(answer) ?? [];
    if (method === 'POST' && id !== undefined) ids[resource] ??= id;
  };
  for (const operation of all) {
    if (apart.includes(operation)) continue;
    if (operation.startsWith('GET')) reading.push(ask(operation));
    else {
      await Promise.all(reading);
      await ask(operation);
    }
  }
  await Promise.all(reading);
  await storage.leases.renew(10_000);
  await server.ruleGroups.reload();
  const eager = { ...defaultPolicy, coldMs: 0, sealAfterMs: -7_200_000, settleMs: 0, resealAfterMs: 0 };
  await storage.createCompactor(silentLog, eager).run(Date.now());
  await send('GET', '/v1/query_range?query=cpu_busy_ratio&start=1&end=2');
  await storage.usage.measure(scope, Date.now());
  await storage.dropExpired(Date.now(), { samples: 7, minutes: 90, hours: 1_100 });
  await storage.dropOldAlerts(Date.now(), { incidents: 400, notifications: 90 });
  await storage.health(Date.now());
  await send('DELETE', '/v1/hosts/web-1');
  await storage.deletions.deleteTenant(await storage.tenants.ensure('gone'));
  await storage.deletions.sweep();
  await storage.leases.release();
}

/**
 * Statements that are of all tenants by their nature, by what they contain, and why they may be: Citus asks every node
 * and puts the answers together.
 */
const ofAllTenants: readonly (readonly [contains: RegExp, why: string])[] = [
  [/^(select 1|delete) from "\w+_default"/u, 'rows that fall into no partition, once an hour'],
  [/^delete from ledger(_source s)? where/u, 'what has expired, once an hour'],
  [
    /^with found as \( select h\.tenant_id, h\.host_id, hour, newest from host/u,
    'the hours that are over, to be sealed',
  ],
  [/current_setting\('fsync'\).* join lateral \(/u, 'the oldest batch of each host, for doctor and readyz'],
];

test(
  'each statement names the tenants of what it reads, or is known to be of all tenants',
  { timeout: 240_000 },
  async () => {
    await run();
    const { distributed } = await storage.tables();
    const parts = await sql<{ part: string; table: string }[]>`
    select c.relname as part, p.relname as table from pg_inherits i
    join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent`;
    const tableOf = new Map(parts.map(({ part, table }) => [part, table]));
    const ofRows = rowStatements(statements);
    expect(ofRows.length).toBeGreaterThan(200);
    const unknown: string[] = [];
    const used = new Set<RegExp>();
    const known = ofAllTenants.map(([contains]) => contains);
    for (const statement of ofRows) {
      const { ofAll, recursive } = await look(sql, statement, new Set(distributed), tableOf).catch((error: unknown) => {
        throw new Error(`can not be planned: ${statement}`, { cause: error });
      });
      if (ofAll.length === 0) continue;
      const text = statement.replaceAll(/\s+/gu, ' ').trim();
      const reason = recursive ? undefined : known.find((contains) => contains.test(text));
      if (reason === undefined) unknown.push(`${ofAll.join(', ')}: ${text}`);
      else used.add(reason);
    }
    expect.soft(unknown).toEqual([]);
    expect(known.filter((contains) => !used.has(contains))).toEqual([]);
  },
);
