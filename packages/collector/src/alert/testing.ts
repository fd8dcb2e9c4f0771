import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Alert, Anomaly, Incident, MetricDescription } from '@tarsier/protocol';
import { newRouteSchema, type NewRoute, type NewRule, type ThresholdRule } from '@tarsier/protocol/api';
import { storedSeries } from '../detect/testing.ts';
import { silentLog } from '../log.ts';
import { createDispatcher } from '../notify/dispatcher.ts';
import { createEgress } from '../notify/egress/egress.ts';
import { createSender } from '../notify/send.ts';
import type { Storage } from '../storage/storage.ts';
import { createEngine } from '../query/engine.ts';
import { createMemoryReader } from '../query/memory-reader.ts';
import type { StoredSamples } from '../stored-samples.ts';
import { createAlerting, type AlertingDeps } from './alerting.ts';
import { createPipeline } from './pipeline/pipeline.ts';

/** When the test's clock starts. */
export const start = Date.UTC(2026, 10, 24, 10);

export const busy: MetricDescription = { name: 'busy', kind: 'gauge', unit: 'ratio', help: '' };
export const sent: MetricDescription = { name: 'sent_total', kind: 'counter', unit: '', help: '' };

/** Fires when `busy` has been above 0.9 for three seconds. */
export const busyRule: Omit<ThresholdRule, 'id'> = {
  kind: 'threshold',
  name: 'Busy',
  severity: 'warning',
  enabled: true,
  selector: 'busy',
  op: '>',
  value: 0.9,
  forMs: 3000,
  keepFiringMs: 0,
  reduce: 'value',
};

/** Fires when nothing has come of a host for a minute. */
export const downRule: NewRule = {
  kind: 'no-data',
  name: 'Host down',
  severity: 'critical',
  enabled: true,
  selector: 'busy',
  forMs: 60_000,
  of: 'host',
  forgetMs: 86_400_000,
};

export const oddRule: NewRule = {
  kind: 'anomaly',
  name: 'Odd',
  severity: 'info',
  enabled: true,
  selector: 'busy',
  minScore: 6,
  forMs: 0,
};

/** An anomaly of `busy` on host `a` that begins with the clock and lasts. */
export const oddness: Anomaly = {
  id: 'x',
  host: 'a',
  metric: 'busy',
  labels: { host: 'a' },
  detector: 'zscore',
  start,
  peakScore: 8,
  peakAt: start,
  value: 1,
  expected: 0,
  reason: 'unlike before',
};

export interface Told {
  readonly status: string;
  readonly because: string;
  readonly alert: Alert;
  readonly incident: Incident;
}

const tickMs = 5_000;

/** Of rules that look at what is stored: nothing is. */
export const nothingStored = {
  engine: createEngine({ reader: createMemoryReader([]), log: silentLog }),
  forecaster: { forecast: () => Promise.reject(new Error('there are no forecasts here')) },
  observer: { evaluated() {}, missed() {} },
  pageUrl: 'https://tarsier.example',
};

/** Alerting of one tenant with a real receiver; the clock is the test's. */
export async function startAlerting(
  storage: Storage,
  tenant: string,
  rules: readonly NewRule[],
  route: Partial<NewRoute> = {},
  stored: Pick<AlertingDeps, 'engine' | 'forecaster'> = nothingStored,
) {
  const scope = await storage.tenants.ensure(tenant);
  const received: Told[] = [];
  let refusing: { readonly status: number; readonly headers?: Record<string, string> } | undefined;
  const receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (refusing === undefined) received.push(JSON.parse(text));
      response.writeHead(refusing?.status ?? 200, refusing?.headers).end();
    });
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = receiver.address() as AddressInfo;
  await storage.channels.create(scope, { kind: 'webhook', name: 'ops', url: `http://127.0.0.1:${port}/` });
  for (const one of rules) await storage.rules.create(scope, one);
  await storage.alertPolicies.routes.create(scope, newRouteSchema.parse({ name: 'all', ...route }));

  const clock = { now: start };
  const now = (): number => clock.now;
  const newDispatcher = () =>
    createDispatcher({
      outbox: storage.notifications,
      sender: createSender({ egress: createEgress({ allow: ['127.0.0.1'] }) }),
      log: silentLog,
      now,
      random: () => 0.5,
    });
  let dispatcher = newDispatcher();
  const shown: Alert[] = [];
  const open = async () => {
    const pipeline = createPipeline({ storage, onOutcome() {}, log: silentLog, now });
    const created = createAlerting({
      ...nothingStored,
      ...stored,
      storage,
      onAlert(scope, alert) {
        shown.push(alert);
        pipeline.observe(scope, alert);
      },
      log: silentLog,
      now,
    });
    await pipeline.restore(scope);
    await created.restore(scope);
    return { alerting: created, pipeline };
  };
  let { alerting, pipeline } = await open();
  return {
    scope,
    shown,
    received,
    statuses: () => received.map(({ status }) => status),
    /** Samples a second apart, the first so many seconds after the start. */
    see(values: readonly number[], atS = 0, metric = busy, host = 'a') {
      alerting.consume(storedSeries(values, { t0: start + atS * 1000, metric, host, tenantId: scope.tenantId }));
    },
    /** The same, of before a start. */
    replay(values: readonly number[], atS = 0, host = 'a') {
      alerting.replay(storedSeries(values, { t0: start + atS * 1000, metric: busy, host, tenantId: scope.tenantId }));
    },
    deaf: () => alerting.deaf(clock.now),
    refused: (host: string | undefined) => alerting.refused(scope, host),
    forgetHost: (host: string) => alerting.forgetHost(scope, host),
    /** What is made of samples here. */
    derive: (stored: StoredSamples) => alerting.derived(stored),
    anomaly: (anomaly: Anomaly) => alerting.anomaly(scope, anomaly),
    async advanceTo(seconds: number) {
      const until = start + seconds * 1000;
      // As the collector does: again and again, without long gaps.
      while (clock.now + tickMs < until) {
        clock.now += tickMs;
        await alerting.tick(clock.now);
        await alerting.settled();
      }
      await this.jumpTo(seconds);
    },
    evaluations: () => alerting.evaluations(scope),
    /** The clock jumps, or the collector was held up: nothing is looked at in between. */
    async jumpTo(seconds: number) {
      clock.now = start + seconds * 1000;
      await alerting.tick(clock.now);
      await alerting.settled();
      await alerting.tick(clock.now);
      await pipeline.run();
      await dispatcher.drain();
    },
    /** What waits is written; nothing is sent. */
    flush: () => alerting.close(),
    /** As after a crash: nothing but the database is left. */
    async restart(atS?: number) {
      await alerting.close();
      if (atS !== undefined) clock.now = start + atS * 1000;
      dispatcher = newDispatcher();
      ({ alerting, pipeline } = await open());
    },
    refuse(refuses: boolean, answer: NonNullable<typeof refusing> = { status: 500 }) {
      refusing = refuses ? answer : undefined;
    },
    /** Changes the only rule. */
    async change(to: NewRule) {
      for (const { id } of await storage.rules.list(scope)) await storage.rules.replace(scope, id, to);
      await alerting.reloadRules(scope);
    },
    async deleteRules() {
      for (const { id } of await storage.rules.list(scope)) await storage.rules.delete(scope, id);
    },
    /** What was not told: `<alert> fires: <reason>`, oldest first. */
    unsent: async () =>
      (await storage.lists.unsent(scope, { limit: 1_000 })).items
        .map(({ subject, reason }) => `${subject}: ${reason}`)
        .toReversed(),
    reloadRules: () => alerting.reloadRules(scope),
    close: () => receiver.close(),
  };
}
