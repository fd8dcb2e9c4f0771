/**
 * A collector but for its HTTP server, detectors and senders: the real intake of batches, leases, what is told to
 * others, rules, incidents and what is told of them, put together as in `collector.ts`, over a model of the database.
 */
import type { Poster } from '../../packages/agent/src/shipping/post.ts';
import { createAlerting } from '../../packages/collector/src/alert/alerting.ts';
import { createPipeline } from '../../packages/collector/src/alert/pipeline/pipeline.ts';
import { createPolicySweep } from '../../packages/collector/src/alert/policy-sweep.ts';
import { createAnnouncer } from '../../packages/collector/src/cluster/announcer.ts';
import { createDeciding, createKnownTaker } from '../../packages/collector/src/cluster/deciding.ts';
import { createFollower } from '../../packages/collector/src/cluster/follower.ts';
import { createLeadership, type Leadership } from '../../packages/collector/src/cluster/leadership.ts';
import { createRelay } from '../../packages/collector/src/cluster/relay.ts';
import { every } from '../../packages/collector/src/every.ts';
import { retryHeaders, statusOf } from '../../packages/collector/src/http/problem.ts';
import { createIngest } from '../../packages/collector/src/ingest/ingest.ts';
import { silentLog } from '../../packages/collector/src/log.ts';
import type { Storage } from '../../packages/collector/src/storage/storage.ts';
import type { TenantScope } from '../../packages/collector/src/tenant.ts';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Life } from './life.ts';
import type { ModelStorage } from './model-database.ts';

export interface SimulatedCollector {
  readonly life: Life;
  /** What its server would answer to a batch. */
  take(scope: TenantScope, body: Uint8Array): ReturnType<Poster['post']>;
}

const leaseMs = 10_000;
/** As `collector.ts` has them. */
const renewals = 5;
const everyMs = { rules: 1_000, others: 15_000 } as const;

const nothing = async (): Promise<void> => {};
const noDetection = { restore() {}, consume() {}, takeRates: () => [], drop() {} };
const noFiles = { reload: nothing, has: () => false };
const noQueries = {
  engine: { instant: () => Promise.reject(new Error('no rule of the simulation asks')) },
  forecaster: { forecast: () => Promise.reject(new Error('no rule of the simulation asks')) },
  observer: { evaluated() {}, missed() {} },
  pageUrl: undefined,
};

/**
 * @param now  its clock
 * @throws when the database does not answer
 */
export async function startSimulatedCollector(
  life: Life,
  model: ModelStorage,
  now: () => number,
): Promise<SimulatedCollector> {
  // What is asked of it here is there.
  const storage = model as Storage;
  const log = silentLog;
  const pipeline = createPipeline({ storage, onOutcome() {}, log, now });
  const alerting = createAlerting({
    ...noQueries,
    storage,
    onAlert(scope, alert) {
      if (!leadership.holds(scope)) return;
      pipeline.observe(scope, alert);
      pipeline.wake(scope);
    },
    log,
    now,
  });
  const ingest = createIngest({
    storage,
    consumers: [(stored) => leadership.consume(stored)],
    replayConsumers: [],
    onKnown: (stored) => takeKnown(stored),
    onRefused: alerting.refused,
    watched: () => false,
    log,
    now,
  });
  const follower = createFollower({
    storage,
    handOn: (scope, keys) => ingest.handOn(scope, keys, [(stored) => leadership.consume(stored)]),
    log,
    now,
  });
  const policySweep = createPolicySweep({ storage, reload: nothing });
  const announcer = createAnnouncer({
    messageOf: (scope, keys) => ({ kind: 'batches', scope, keys }),
    bus: storage.bus,
    log,
  });
  const leadership: Leadership = createLeadership({
    leases: storage.leases,
    leaseMs,
    ...createDeciding({
      ingest,
      windows: { fill() {} },
      follower,
      alerting,
      pipeline,
      ruleGroups: noFiles,
      policySweep,
      detection: noDetection,
      storage: { detectorStates: { async *list() {} } },
      resume: nothing,
      onEvaluated() {},
      now,
    }),
    keep: nothing,
    announce: announcer.announce,
    log,
  });
  const takeKnown = createKnownTaker(leadership, follower);
  const relay = createRelay({
    here: {
      reloadRules: nothing,
      reloadPolicies: nothing,
      reloadRuleFiles: nothing,
      forgetHost() {},
      act: () => Promise.reject(new Error('nobody acts in the simulation')),
      publishBoard: nothing,
    },
    leadership,
    bus: storage.bus,
    storage,
    onBatches: follower.told,
    onModels: nothing,
    onNews: nothing,
    onWatched() {},
    onWatching() {},
    log,
  });
  await storage.bus.listen(relay.receive, follower.mayHaveMissed, log);
  await leadership.renew();
  await leadership.settled();

  /** Nothing more is done by one that was killed. */
  const chore = (everyMs: number, run: () => Promise<void>): void => {
    every(everyMs, 'a chore', log, async () => {
      await life.pass(0);
      await run();
    });
  };
  chore(everyMs.rules, async () => {
    await alerting.tick(now());
    await pipeline.run();
  });
  chore(everyMs.others, () =>
    follower.sweep(async () => (await storage.tenants.withHosts()).filter(leadership.leads), now()),
  );
  chore(leaseMs / renewals, async () => {
    await leadership.renew().catch(() => alerting.deaf(now()));
  });

  return {
    life,
    async take(scope, body) {
      await life.pass(0);
      const answer = await ingest.accept(scope, body).then(
        ({ flushIntervalS }) => ({
          status: 204,
          headers: { 'tarsier-flush-interval': String(flushIntervalS) },
          text: '',
        }),
        (error: unknown) => {
          if (!(error instanceof TarsierError)) return { status: 500, headers: {}, text: describeError(error) };
          const { code, message: detail, retryable } = error;
          const status = statusOf(error);
          return { status, headers: retryHeaders(status, error), text: JSON.stringify({ code, detail, retryable }) };
        },
      );
      await life.pass(0);
      return answer;
    },
  };
}
