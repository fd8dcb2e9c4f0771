import { chmod } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, expect, onTestFailed, test } from 'vitest';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { urlOf } from '../../packages/collector/src/storage/testing-url.ts';
import { embeddedEnvironment } from '../support/database.ts';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { collectorCommand, createApi, createKey, readLedger, startAgent, startCollector } from '../support/tarsier.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const folder = await temporaryFolder();
await chmod(folder.path, 0o755);
/** Two servers, each of its own processes and its own disk. */
const [first, east] = await Promise.all(
  ['first', 'east'].map((name) =>
    openEmbedded({ dataFolder: `${folder.path}/pg-${name}`, use: 'own', log: silentLog }),
  ),
);
if (first === undefined || east === undefined) throw new Error('a server was not started');
const environment = {
  ...embeddedEnvironment(first.connection),
  TARSIER_DATABASES: `east=${urlOf(east.connection, 'postgres')}`,
  TARSIER_LEASE_SECONDS: '3',
};
const receiver = await startWebhookReceiver();
afterAll(async () => {
  killAll();
  receiver.close();
  await Promise.allSettled([first.close(), east.close()]);
  await folder.remove();
});

async function hostsIn({ connection }: typeof first & object, name: string): Promise<number> {
  const sql = postgres({ ...connection, database: 'postgres', max: 1, onnotice() {} });
  const [row] = await sql<{ hosts: number }[]>`select count(*)::int as hosts from host where name = ${name}`;
  await sql.end();
  return row?.hosts ?? 0;
}

test(
  'a tenant moves to another server and back while agents ship and people ask; nothing is lost or told twice',
  { timeout: 480_000 },
  async () => {
    const start = async (name: string) => startCollector(`${folder.path}/${name}`, await freePort(), environment);
    const [a, b] = [await start('a'), await start('b')];
    const place = `${folder.path}/a`;
    onTestFailed(() => {
      process.stdout.write(`${['a:', ...a.stderr, 'b:', ...b.stderr].join('\n')}\n`);
    });
    const operator = createApi(a.url, await createKey(place, 'operator', environment));
    await operator.post('/v1/tenants', { name: 'acme', tier: 'enterprise' });
    const acmeKey = await createKey(place, 'admin', environment, 'acme');
    const [atA, atB] = [createApi(a.url, acmeKey), createApi(b.url, acmeKey)];
    await atA.post('/v1/channels', { kind: 'webhook', name: 'ops', url: receiver.url });
    await atA.post('/v1/routes', { name: 'all', togetherMs: 0 });
    await atA.post('/v1/rules', { kind: 'expression', name: 'Up', expr: 'system_uptime_seconds > 0', everyMs: 1_000 });
    const agents = [
      startAgent(a.url, await createKey(place, 'ingest', environment, 'acme'), `${folder.path}/acme-1`, {
        TARSIER_HOST: 'acme-1',
      }),
      startAgent(b.url, await createKey(place, 'ingest', environment), `${folder.path}/home-1`, {
        TARSIER_HOST: 'home-1',
      }),
    ];
    const seen = (api: typeof atA, host: string): Promise<number> =>
      eventually(async () => {
        const found = await api.samples(`{host="${host}"}`, Date.now() - 600_000, Date.now());
        const count = found.reduce((sum, { points }) => sum + points.length, 0);
        return count > 0 ? count : undefined;
      });
    await seen(atA, 'acme-1');
    await eventually(async () => (receiver.received.length > 0 ? true : undefined));

    let asking = true;
    const failed: string[] = [];
    let newest = 0;
    /** Asks at both collectors all the time: what was there once is there always. */
    const asked = (async () => {
      while (asking) {
        for (const api of [atA, atB]) {
          const end = Date.now();
          const found = await api.samples('system_uptime_seconds', end - 600_000, end).catch((error: unknown) => {
            failed.push(String(error));
          });
          const times = (found ?? []).flatMap(({ points }) => points.map(([time]) => time));
          if (found !== undefined && Math.max(...times) < newest) failed.push(`nothing after ${Math.max(...times)}`);
          newest = Math.max(newest, ...times);
        }
        await sleep(200);
      }
    })();
    for (const [to, from] of [
      ['east', 'home'],
      ['home', 'east'],
    ] as const) {
      const said = await collectorCommand(place, ['tenant', 'move', '--tenant', 'acme', '--to', to], environment);
      expect(said).toMatch(new RegExp(`^acme is in ${to}: `, 'u'));
      expect(await collectorCommand(place, ['tenant', 'places'], environment)).toBe(`acme ${to}\n`);
      // No row of it is left where it was.
      expect(await hostsIn(from === 'home' ? first : east, 'acme-1')).toBe(0);
      const before = await seen(atB, 'acme-1');
      await eventually(async () => ((await seen(atB, 'acme-1')) > before ? true : undefined));
    }
    asking = false;
    await asked;
    expect(failed).toEqual([]);
    // It fires all the time.
    const { alerts } = (await atA.get('/v1/alerts?state=firing')) as { alerts: { name: string }[] };
    expect(new Set(alerts.map(({ name }) => name))).toEqual(new Set(['Up']));
    // Who is on the other server does not need this one.
    await east.close();
    const stoppedAt = Date.now();
    for (const api of [atA, atB]) {
      await eventually(async () => {
        const found = await api.samples('system_uptime_seconds', stoppedAt, Date.now());
        return found.some(({ points }) => points.length > 2) ? true : undefined;
      });
    }
    // And ends with its series, when the agents do: nobody has been told that it ended before.
    const told = receiver.arrivals.map(({ key }) => key);
    expect(new Set(told).size).toBe(told.length);
    const reasons = (receiver.received as readonly { readonly because: string }[]).map(({ because }) => because);
    expect(reasons.filter((because) => because === 'resolved')).toEqual([]);
    for (const agent of agents) expect(await agent.end('SIGTERM')).toBe(0);
    const alone = { ...environment, TARSIER_DATABASES: '' };
    for (const [host, tenant] of [
      ['acme-1', 'acme'],
      ['home-1', 'default'],
    ] as const) {
      const { taken, sent, stored, dropped, state } = await readLedger(place, host, alone, tenant);
      expect({ taken, dropped }).toEqual({ taken: sent, dropped: 0 });
      expect(stored).toBe(sent);
      expect(state).not.toBe('fault');
      expect(stored).toBeGreaterThan(0);
    }
    const end = Date.now();
    const all = await Promise.all([atA, atB].map((api) => api.samples('{host="acme-1"}', end - 600_000, end)));
    expect(all[0]).toEqual(all[1]);
    for (const collector of [a, b]) expect(await collector.end('SIGTERM')).toBe(0);
  },
);
