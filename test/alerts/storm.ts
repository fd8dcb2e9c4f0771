/** Many hosts lose what they all depend on: what a real collector makes of it, and whom it tells. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Labels } from '@tarsier/protocol';
import { freePort } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { failsAbove, fleetMetric } from './batch.ts';
import { kindsPerHost, startFleet } from './fleet.ts';
import { alertTimes, cpuOf, describeCpu, spreadOf, type Spread } from './stages.ts';

export interface Storm {
  readonly hosts: number;
  /** The last of them fails so long after the first. */
  readonly withinMs: number;
  /** Least time between two notifications of one incident. */
  readonly groupIntervalMs: number;
}

export interface StormReport {
  /** Alerts that fired; of each host as many as it has kinds, and the cause. */
  readonly alerts: number;
  /** Those of which nothing was decided. */
  readonly lost: number;
  readonly incidents: number;
  /** `<why> <title>`, in order, each once. */
  readonly told: readonly string[];
  /** How many alerts were not told by themselves, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly toDecision: Spread;
  /** From the sample of the first alert, and of the cause, to the receiver, ms. */
  readonly firstMs: number;
  readonly causeMs: number;
  readonly cpu: string;
}

const cause = 'db-1';
/** After which nothing is waited for any more. */
const patienceMs = 120_000;

export async function storm(dataFolder: string, { hosts, withinMs, groupIntervalMs }: Storm): Promise<StormReport> {
  const receiver = await startWebhookReceiver();
  const collector = await startCollector(dataFolder, await freePort());
  const api = createApi(collector.url, await createKey(dataFolder, 'admin'));
  const labels = new Map<string, Labels>([[cause, { role: 'database' }]]);
  for (let host = 0; host < hosts; host++) labels.set(`web-${host}`, { role: 'web', depends_on: cause });
  const fleet = startFleet(collector, labels);
  try {
    await api.post('/v1/channels', { kind: 'webhook', name: 'ops', url: receiver.url });
    await api.post('/v1/routes', { name: 'all', groupIntervalMs });
    const rule = { kind: 'threshold', op: '>', value: failsAbove };
    for (let kind = 0; kind < kindsPerHost; kind++) {
      const selector = `${fleetMetric}{role="web",kind="${kind}"}`;
      await api.post('/v1/rules', { ...rule, name: `Errors ${kind}`, selector });
    }
    const selector = `${fleetMetric}{role="database"}`;
    await api.post('/v1/rules', { ...rule, name: 'Database down', severity: 'critical', selector });
    while (fleet.shipped < 3 * labels.size) await sleep(100);

    const [began, before] = [Date.now(), await cpuOf(collector.pid)];
    for (let host = 0; host < hosts; host++) {
      await sleep(Math.max(0, began + (host * withinMs) / hosts - Date.now()));
      // It is seen to be down a little after the first that needs it.
      if (host === Math.floor(hosts / 10)) fleet.fail(cause, 0);
      for (let kind = 0; kind < kindsPerHost; kind++) fleet.fail(`web-${host}`, kind);
    }
    const expected = hosts * kindsPerHost + 1;
    /** Whether all fire and have been told of: then nothing more is to come. */
    const isCalm = async (): Promise<boolean> => {
      const { incidents } = (await api.get('/v1/incidents?limit=10')) as {
        readonly incidents: readonly { readonly firing: number; readonly telling: { readonly at: number } }[];
      };
      const firing = incidents.reduce((sum, incident) => sum + incident.firing, 0);
      const quietMs = Date.now() - Math.max(0, ...incidents.map(({ telling }) => telling.at));
      return firing >= expected && quietMs > groupIntervalMs + 2_000;
    };
    const until = began + withinMs + patienceMs;
    while (!(await isCalm()) && Date.now() < until) await sleep(1_000);
    const cpu = describeCpu(before, await cpuOf(collector.pid), Date.now() - began);
    await fleet.stop();

    const times = await alertTimes(dataFolder);
    const first = Math.min(...times.map(({ sampledAt }) => sampledAt));
    const causeAt = times.find(({ host }) => host === cause)?.sampledAt ?? Number.NaN;
    const messages = receiver.received as readonly {
      readonly because: string;
      readonly incident: { readonly title: string; readonly alerts: readonly { readonly host: string }[] };
    }[];
    const causeHeard = messages.findIndex(({ incident }) => incident.alerts[0]?.host === cause);
    const { incidents } = (await api.get('/v1/incidents?limit=100')) as { readonly incidents: readonly unknown[] };
    return {
      alerts: times.length,
      lost:
        expected - times.filter(({ decidedAt, incident }) => decidedAt !== undefined && incident !== undefined).length,
      incidents: incidents.length,
      told: messages.map(({ because, incident }) => `${because} ${incident.title}`),
      reasons: Object.fromEntries(
        [...Map.groupBy(times, ({ reason = 'none' }) => reason)].map(([reason, some]) => [reason, some.length]),
      ),
      toDecision: spreadOf(times.map(({ sampledAt, decidedAt = Number.POSITIVE_INFINITY }) => decidedAt - sampledAt)),
      firstMs: (receiver.arrivals[0]?.at ?? Number.NaN) - first,
      causeMs: (receiver.arrivals[causeHeard]?.at ?? Number.NaN) - causeAt,
      cpu,
    };
  } finally {
    await collector.end('SIGTERM');
    await fleet.stop().catch(() => {});
    receiver.close();
  }
}
