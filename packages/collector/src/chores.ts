/** What a collector does again and again while it runs. A tenant without hosts costs none of it a statement of its own. */
import { describeError } from '@tarsier/protocol';
import type { Alerting } from './alert/alerting.ts';
import type { AnomalyLog } from './alert/anomaly-log.ts';
import type { EventTuner } from './alert/event-tuner.ts';
import type { ForeignSilenceReader } from './alert/foreign-silences.ts';
import type { RuleGroups } from './alert/groups/rule-groups.ts';
import type { Pipeline } from './alert/pipeline/pipeline.ts';
import type { PolicySweep } from './alert/policy-sweep.ts';
import type { Follower } from './cluster/follower.ts';
import type { Leadership } from './cluster/leadership.ts';
import type { CollectorConfig } from './config.ts';
import type { Detection } from './detect/detection.ts';
import { keptMs } from './http/api/once.ts';
import type { SilenceWatch } from './ingest/silence-watch.ts';
import type { ScoreKeeper } from './jobs/tasks/optimise/score-keeper.ts';
import type { Log } from './log.ts';
import type { SelfMetrics } from './self.ts';
import { dayMs } from './storage/hours.ts';
import type { Storage } from './storage/storage.ts';
import type { Limiter } from './tenancy/limiter.ts';
import type { UsageMeter } from './usage-meter.ts';

export interface Chore {
  /** As it is named where it failed. */
  readonly what: string;
  /** Between the end of one run and the next. */
  readonly everyMs: number;
  readonly run: () => Promise<void>;
}

export interface ChoreDeps {
  readonly storage: Storage;
  readonly config: Pick<CollectorConfig, 'retention' | 'alertRetention'>;
  readonly leadership: Pick<Leadership, 'leads'>;
  readonly detection: Pick<Detection, 'expire' | 'injectCanary'>;
  readonly alerting: Pick<Alerting, 'tick'>;
  readonly ruleGroups: Pick<RuleGroups, 'tick' | 'reload'>;
  readonly pipeline: Pick<Pipeline, 'run'>;
  readonly follower: Pick<Follower, 'sweep'>;
  readonly policySweep: Pick<PolicySweep, 'sweep'>;
  readonly foreignSilences: ForeignSilenceReader;
  readonly silence: Pick<SilenceWatch, 'tick'>;
  readonly anomalyLogs: readonly Pick<AnomalyLog<never>, 'flush'>[];
  readonly tuner: Pick<EventTuner, 'refresh'>;
  readonly saveCheckpoints: () => Promise<void>;
  readonly storeRates: (all: boolean) => Promise<void>;
  readonly scores: Pick<ScoreKeeper, 'keep'>;
  readonly usageMeter: Pick<UsageMeter, 'flush'>;
  readonly limiter: Pick<Limiter, 'measure'>;
  readonly self: Pick<SelfMetrics, 'noiseReduction' | 'endedSeries'>;
  readonly log: Log;
  readonly now: () => number;
}

/** A host that has been silent this long has no anomalies any more. */
const goneMs = 5 * 60_000;
/** What collectors of another version have learnt is kept so long: who goes back to it goes on from there. */
const otherVersionsMs = 30 * dayMs;

export function choresOf(deps: ChoreDeps): readonly Chore[] {
  return [...alertChores(deps), ...detectionChores(deps), ...housekeeping(deps)];
}

function alertChores({
  storage,
  leadership,
  detection,
  alerting,
  ruleGroups,
  pipeline,
  follower,
  policySweep,
  foreignSilences,
  silence,
  self,
  now,
}: ChoreDeps): readonly Chore[] {
  return [
    {
      what: 'rule evaluation',
      everyMs: 1_000,
      async run() {
        detection.expire(now() - goneMs);
        ruleGroups.tick(now());
        await alerting.tick(now());
        await pipeline.run();
      },
    },
    {
      what: 'reading what others have stored',
      everyMs: 15_000,
      async run() {
        await follower.sweep(async () => (await storage.tenants.withHosts()).filter(leadership.leads), now());
        await policySweep.sweep((await storage.tenants.all()).filter(leadership.leads));
      },
    },
    {
      what: 'reading silences of Alertmanagers',
      everyMs: 5_000,
      run: () => foreignSilences.refresh(leadership.leads),
    },
    {
      what: 'counting notifications',
      everyMs: 60_000,
      async run() {
        const reductions = await storage.incidents.noiseReductions(now() - dayMs);
        for (const { tenantId, tenant } of await storage.tenants.all()) {
          self.noiseReduction.set(reductions.get(tenantId) ?? 0, { tenant });
        }
      },
    },
    // Another collector may have changed them.
    { what: 'reading rule files', everyMs: 30_000, run: () => ruleGroups.reload() },
    {
      what: 'ending series of silent hosts',
      everyMs: 5_000,
      async run() {
        self.endedSeries.add(await silence.tick());
      },
    },
  ];
}

function detectionChores({
  storage,
  leadership,
  detection,
  anomalyLogs,
  tuner,
  saveCheckpoints,
  storeRates,
  scores,
  log,
}: ChoreDeps): readonly Chore[] {
  return [
    {
      what: 'writing anomalies',
      everyMs: 1_000,
      async run() {
        for (const one of anomalyLogs) await one.flush();
      },
    },
    { what: 'keeping the budget of false alarms', everyMs: 60_000, run: () => tuner.refresh() },
    {
      what: 'making anomalies',
      everyMs: 600_000,
      async run() {
        for (const scope of await storage.tenants.withHosts()) detection.injectCanary(scope);
      },
    },
    { what: 'writing what detectors learnt', everyMs: 300_000, run: saveCheckpoints },
    { what: 'storing anomaly rates', everyMs: 10_000, run: () => storeRates(false) },
    {
      what: 'storing optimisation scores',
      everyMs: 60_000,
      async run() {
        for (const scope of (await storage.tenants.withHosts()).filter(leadership.leads)) {
          await scores.keep(scope).catch((error: unknown) => {
            log.warn('a tenant has no optimisation score now', { tenant: scope.tenant, error: describeError(error) });
          });
        }
      },
    },
  ];
}

function housekeeping({ storage, config, usageMeter, limiter, log, now }: ChoreDeps): readonly Chore[] {
  return [
    { what: 'counting usage', everyMs: 10_000, run: () => usageMeter.flush() },
    {
      what: 'measuring what is stored',
      everyMs: 600_000,
      async run() {
        for (const scope of await storage.tenants.withHosts()) await storage.usage.measure(scope, now());
        await limiter.measure();
        await storage.idempotency.expire(now() - keptMs);
      },
    },
    {
      what: 'looking after moves of tenants',
      everyMs: 5_000,
      async run() {
        for (const tenant of await storage.moves.recover()) {
          log.warn('whoever moved a tenant was gone; it was undone or gone on with', { tenant });
        }
      },
    },
    {
      what: 'retention',
      everyMs: 3_600_000,
      async run() {
        await storage.ensurePartitions(now());
        const partitions = await storage.dropExpired(now(), config.retention);
        await storage.deletions.sweep();
        await storage.detectorStates.expire(now() - otherVersionsMs);
        const incidents = await storage.dropOldAlerts(now(), config.alertRetention);
        if (incidents > 0) log.info('old incidents deleted', { incidents });
        if (partitions > 0) log.info('expired samples dropped', { partitions });
      },
    },
  ];
}
