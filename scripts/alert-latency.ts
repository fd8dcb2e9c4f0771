/**
 * `pnpm test:alert-latency [HOSTS] [ALERTS]`: from a sample to its notification, over a real collector and a real receiver, at
 * one sample a second of each host. Every alert is an incident of its own, begins at a moment of its own, and is told
 * by itself; prints `p50 … ms, p99 … ms`, of the whole way and of its stages. Fails when p99 is 2 s or more, or one is
 * lost or told twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { failsAbove, fleetMetric } from '../test/alerts/batch.ts';
import { kindsPerHost, startFleet } from '../test/alerts/fleet.ts';
import { alertTimes, cpuOf, describeCpu, describeSpread, spreadOf } from '../test/alerts/stages.ts';
import { freePort, temporaryFolder } from '../test/support/processes.ts';
import { createApi, createKey, startCollector } from '../test/support/tarsier.ts';
import { startWebhookReceiver } from '../test/support/webhook-receiver.ts';

const [hosts = 100, alerts = 200] = process.argv.slice(2).flatMap((arg) => (arg === '--' ? [] : Number(arg)));
const most = 2_000;

const folder = await temporaryFolder();
const receiver = await startWebhookReceiver();
const collector = await startCollector(folder.path, await freePort());
try {
  const api = createApi(collector.url, await createKey(folder.path, 'admin'));
  await api.post('/v1/channels', {
    kind: 'webhook',
    name: 'ops',
    url: receiver.url,
    rateLimit: { count: 10_000, perMs: 3_600_000 },
  });
  await api.post('/v1/routes', { name: 'all', groupBy: ['host', 'kind'], togetherMs: 0 });
  await api.post('/v1/rules', { kind: 'threshold', name: 'Errors', selector: fleetMetric, op: '>', value: failsAbove });
  const fleet = startFleet(collector, new Map(Array.from({ length: hosts }, (_, index) => [`web-${index}`, {}])));
  // That hosts are new is not what is measured.
  while (fleet.shipped < 5 * hosts) await sleep(100);
  const [began, before, answeredBefore] = [Date.now(), await cpuOf(collector.pid), fleet.answeredMs.length];
  const count = Math.min(alerts, hosts * kindsPerHost);
  for (let index = 0; index < count; index++) {
    fleet.fail(`web-${index % hosts}`, Math.floor(index / hosts));
    await sleep(100);
  }
  const until = Date.now() + 10_000;
  while (receiver.received.length < count && Date.now() < until) await sleep(50);
  const [wallMs, after] = [Date.now() - began, await cpuOf(collector.pid)];
  await fleet.stop();

  const heard = Map.groupBy(receiver.arrivals, ({ key }) => key);
  const times = (await alertTimes(folder.path)).map((alert) => ({
    ...alert,
    heardAt: heard.get(`${alert.incident}/1/${[...heard.keys()][0]?.split('/')[2]}`)?.[0]?.at,
  }));
  const told = times.flatMap(({ heardAt, ...alert }) => (heardAt === undefined ? [] : [{ ...alert, heardAt }]));
  const whole = spreadOf(told.map(({ sampledAt, heardAt }) => heardAt - sampledAt));
  const lost = count - told.length;
  const twice = [...heard.values()].filter((arrivals) => arrivals.length > 1).length;
  process.stdout.write(
    `${hosts} hosts, ${hosts * kindsPerHost} series at 1 s, ${count} alerts; ${lost} lost, ${twice} told twice\n` +
      describeSpread('sample to notification', whole) +
      describeSpread('  a batch is sent, and answered', spreadOf(fleet.answeredMs.slice(answeredBefore))) +
      describeSpread('  sample to decision', spreadOf(told.map((one) => (one.decidedAt ?? Infinity) - one.sampledAt))) +
      describeSpread('  decision to receiver', spreadOf(told.map((one) => one.heardAt - (one.decidedAt ?? 0)))) +
      describeCpu(before, after, wallMs),
  );
  if (whole.p99 >= most || lost > 0 || twice > 0) process.exitCode = 1;
} finally {
  await collector.end('SIGTERM');
  receiver.close();
  await folder.remove();
}
