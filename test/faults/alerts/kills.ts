/** Kills collectors at every step of an alert's way to a person, and looks afterwards whom people heard of, and how often. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newRouteSchema, newRuleSchema } from '@tarsier/protocol/api';
import postgres from 'postgres';
import { silentLog } from '../../../packages/collector/src/log.ts';
import { openEmbedded } from '../../../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase } from '../../../packages/collector/src/storage/storage.ts';
import { failsAbove, fleetMetric } from '../../alerts/batch.ts';
import { embeddedEnvironment } from '../../support/database.ts';
import { freePort, run } from '../../support/processes.ts';
import { startWebhookReceiver } from '../../support/webhook-receiver.ts';
import type { Fault } from './program.ts';
import { startPatients } from './patients.ts';

export interface AlertKillsResult {
  /** Collectors that ended themselves at the point that they were to, and those that had to be killed from outside. */
  readonly atPoint: number;
  readonly elsewhere: number;
  readonly incidents: number;
  readonly notifications: number;
  /** Notifications that came twice, each under the same key: their collector died before it had recorded them. */
  readonly repeated: number;
}

const faults: readonly Omit<Fault, 'after'>[] = [
  { point: 'sample stored' },
  { point: 'sent', reason: 'first' },
  { point: 'rules evaluated' },
  { point: 'decided', reason: 'escalated' },
  { point: 'alert saved' },
  { point: 'in outbox', reason: 'first' },
  { point: 'decided', reason: 'first' },
  { point: 'claimed', reason: 'escalated' },
  { point: 'claimed', reason: 'first' },
  { point: 'sent', reason: 'escalated' },
  { point: 'in outbox', reason: 'escalated' },
  { point: 'recorded', reason: 'first' },
  { point: 'sent', reason: 'resolved' },
  { point: 'recorded', reason: 'escalated' },
  { point: 'decided', reason: 'resolved' },
];
const escalateAfterMs = 700;
const leaseSeconds = 5;
/** A point that is not reached by then is left: the collector is killed where it is. */
const lifeMs = 30_000;
const claimMs = 60_000;

export async function killAlerting(
  dataFolder: string,
  kills: number,
  onKill: (count: number) => void = () => {},
): Promise<AlertKillsResult> {
  const embedded = await openEmbedded({ dataFolder: `${dataFolder}/pg`, use: 'own', log: silentLog });
  const connection = { ...embedded.connection, database: 'postgres' };
  const storage = await storageOnDatabase(connection, Date.now);
  const sql = postgres({ ...connection, max: 1, onnotice() {} });
  const receiver = await startWebhookReceiver();
  const port = await freePort();
  const environment = {
    ...embeddedEnvironment(embedded.connection),
    TARSIER_DATA: dataFolder,
    TARSIER_LISTEN: `127.0.0.1:${port}`,
    TARSIER_LEASE_SECONDS: String(leaseSeconds),
    TARSIER_JOB_THREADS: '0',
    // Where the receiver listens.
    TARSIER_EGRESS_ALLOW: '127.0.0.1',
  };
  const killedAt: number[] = [];

  const scope = await storage.tenants.ensure('default');
  const rateLimit = { count: 10_000, perMs: 1_000 };
  const channel = async (name: string): Promise<string> =>
    (await storage.channels.create(scope, { kind: 'webhook', name, url: receiver.url, rateLimit })).id;
  const [first, second] = [await channel('first'), await channel('second')];
  await storage.alertPolicies.routes.create(
    scope,
    newRouteSchema.parse({
      name: 'errors',
      matchers: ['alertname="Errors"'],
      groupBy: ['host'],
      togetherMs: 0,
      channels: [first],
      escalation: [{ afterMs: escalateAfterMs, channels: [second] }],
    }),
  );
  await storage.rules.create(
    scope,
    newRuleSchema.parse({ kind: 'threshold', name: 'Errors', selector: fleetMetric, op: '>', value: failsAbove }),
  );
  const key = await storage.keys.create(scope, { name: 'hosts', scope: 'ingest' });
  const patients = startPatients(`http://127.0.0.1:${port}`, key);

  const load = () => run('test/faults/alerts/program.ts', [], environment);
  let loaded = load();

  /** Starts a collector, and ends it at the point; without one when everything has been told. */
  async function live(fault: Fault | undefined): Promise<boolean> {
    const child = loaded;
    if (fault !== undefined) loaded = load();
    // As if the time of the lease of the one before had passed.
    await sql`update lease set expires_at = 0`;
    child.say(JSON.stringify(fault ?? null));
    if (fault === undefined) {
      await allTold(child.exited);
      await child.end('SIGTERM');
      return true;
    }
    await Promise.race([
      child.exited,
      child.lineThat((line) => (line.includes('ready') ? true : undefined)).catch(() => {}),
    ]);
    const atPoint = await Promise.race([child.exited.then(() => true), sleep(lifeMs).then(() => false)]);
    if (!atPoint) await child.end('SIGKILL');
    killedAt.push(Date.now());
    // Anything but its own death is a fault of the program.
    const how = await child.exited;
    if (how !== 'SIGKILL') throw new Error(`the collector ended with ${how}:\n${child.stderr.join('\n')}`);
    return atPoint;
  }

  async function allTold(exited: Promise<unknown>): Promise<void> {
    let gone = false;
    void exited.then(() => (gone = true));
    // As if a minute had passed: what the dead had claimed is free again.
    await sql`update notification set due_at = due_at - ${claimMs} where due_at is not null`;
    for (const until = Date.now() + 120_000; Date.now() < until; await sleep(200)) {
      if (gone) throw new Error('the last collector ended by itself');
      const [row] = await sql<{ left: number }[]>`
        select (select count(*) from notification where due_at is not null)::int
          + (select count(*) from incident where status = 'open' and body ->> 'route' = 'errors')::int as left`;
      if (row?.left === 0 && patients.healed) return;
    }
    const waiting = await sql`
      select id, due_at - ${Date.now()} as "dueInMs", attempts, error, body ->> 'because' as because
      from notification where due_at is not null order by due_at limit 20`;
    const open = await sql`
      select i.id, a.body ->> 'host' as host, a.state from incident i
      left join alert a on a.tenant_id = i.tenant_id and a.incident_id = i.id
      where i.status = 'open' and i.body ->> 'route' = 'errors' limit 20`;
    throw new Error(
      `not everything was told within two minutes: ${JSON.stringify({ healed: patients.healed, waiting, open })}`,
    );
  }

  async function check(): Promise<readonly string[]> {
    const problems: string[] = [];
    const alerts = await sql<{ host: string; state: string; incident: string | null; decisions: number }[]>`
      select body ->> 'host' as host, state, incident_id as incident,
        (select count(*) from alert_decision d where d.tenant_id = a.tenant_id and d.id like a.id || '/%')::int as decisions
      from alert a where body ->> 'name' = 'Errors'`;
    const incidents = new Map(alerts.map(({ host, incident }) => [incident ?? '', host]));
    for (const host of patients.hosts) {
      const its = alerts.filter((alert) => alert.host === host);
      if (its.length !== 1) problems.push(`${host} failed once and has ${its.length} alerts`);
      for (const { state, incident, decisions } of its) {
        if (state === 'resolved' && incident !== null && decisions === 2) continue;
        problems.push(`${host}: ${state}, incident ${incident}, ${decisions} decisions`);
      }
    }
    const heard = receiver.arrivals.flatMap(({ key: id, at }, index) => {
      const { because, incident } = receiver.received[index] as {
        readonly because: string;
        readonly incident: { readonly id: string };
      };
      return incidents.has(incident.id) ? [{ id, at, because, incident: incident.id }] : [];
    });
    const byIncident = Map.groupBy(heard, ({ incident }) => incident);
    for (const [incident, host] of incidents) {
      const once = new Map((byIncident.get(incident) ?? []).map(({ id, because }) => [id, because]));
      const firings = [...once.values()].filter((reason) => reason === 'first').length;
      const ends = [...once].filter(([id, reason]) => reason === 'resolved' && id.endsWith(`/${first}`)).length;
      if (firings > 1 || ends !== 1) problems.push(`${host} was told as ${[...once.values()].join(', ') || 'nothing'}`);
    }
    for (const [id, arrivals] of Map.groupBy(heard, (one) => one.id)) {
      for (const [index, { at }] of arrivals.entries()) {
        const before = arrivals[index - 1]?.at;
        if (before !== undefined && !killedAt.some((death) => before <= death && death <= at)) {
          problems.push(`${id} came twice, and nobody had died in between`);
        }
      }
    }
    return problems;
  }

  try {
    let atPoint = 0;
    for (let life = 0; life < kills; life++) {
      patients.fallIll(`h${life}`);
      const fault = faults[life % faults.length] ?? { point: 'sample stored' };
      if (await live({ ...fault, after: Math.floor(life / faults.length) % 2 })) atPoint++;
      onKill(life + 1);
    }
    patients.recover();
    await live(undefined);
    const problems = await check();
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const keys = new Set(receiver.arrivals.map((arrival) => arrival.key));
    return {
      atPoint,
      elsewhere: kills - atPoint,
      incidents: patients.hosts.length,
      notifications: keys.size,
      repeated: receiver.arrivals.length - keys.size,
    };
  } finally {
    patients.stop();
    await loaded.end('SIGKILL');
    receiver.close();
    await sql.end();
    await storage.close();
    await embedded.close();
  }
}
