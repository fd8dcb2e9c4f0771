/** Keeps a tenant's budget of false alarms, by what its events were, what people said of them, and made ones. */
import { TarsierError, type AnomalyEvent, type UnixMs } from '@tarsier/protocol';
import type {
  Budget,
  BudgetResponse,
  Canary,
  DetectionSetting,
  EventFeedback,
  Feedback,
  NewDetectionSetting,
} from '@tarsier/protocol/api';
import type { Detection } from '../detect/detection.ts';
import type { CanaryOutcome } from '../detect/events/canary.ts';
import { shapeOf } from '../detect/events/look-alikes.ts';
import { defaultBudget, pageThreshold } from '../detect/events/page-budget.ts';
import type { TrainedDetector } from '../detect/chosen/trained-detector.ts';
import type { WatchSetting } from '../detect/lane.ts';
import { hostDetectors, seriesDetectors } from '../detect/registry.ts';
import { parseSelector } from '../query/language/parse.ts';
import { compileMatchers } from '../query/selector.ts';
import { dayMs } from '../storage/hours.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import { createTrainedDetectors } from './trained-detectors.ts';

export interface EventTuner {
  /** What is set, and how far it is kept. */
  budget(scope: TenantScope): Promise<BudgetResponse>;
  setBudget(scope: TenantScope, budget: Budget): Promise<BudgetResponse>;
  /** @throws {TarsierError} `http/not-found` when there is no such event */
  judge(scope: TenantScope, eventId: string, feedback: Feedback): Promise<EventFeedback>;
  /** Takes back what was said. @throws {TarsierError} `http/not-found` when nothing was */
  takeBack(scope: TenantScope, eventId: string): Promise<void>;
  /** @throws {TarsierError} `detection/detector` where one is named that there is not, and `query/…` */
  addSetting(scope: TenantScope, setting: NewDetectionSetting): Promise<DetectionSetting>;
  /** @throws {TarsierError} `http/not-found` */
  deleteSetting(scope: TenantScope, id: string): Promise<void>;
  /** Saves how a made anomaly went. */
  canary(scope: TenantScope, host: string, outcome: CanaryOutcome): Promise<void>;
  /** Somebody else has changed the tenant's settings. */
  reload(scope: TenantScope): Promise<void>;
  /** Tells detection what holds now, of all tenants that have hosts. */
  refresh(): Promise<void>;
}

const rememberedMs = 28 * dayMs;
/** That of hosts by default: theory counts ticks. */
const intervalMs = 1_000;
/** Of a setting's id in the ids of what its detectors find. */
const keyLength = 8;

export function createEventTuner({
  storage,
  detection,
  now,
}: {
  readonly storage: Pick<Storage, 'anomalyEvents' | 'detectionTuning' | 'tenants' | 'models'>;
  readonly detection: Pick<Detection, 'tune'>;
  readonly now: () => UnixMs;
}): EventTuner {
  const { detectionTuning } = storage;

  async function stateOf(scope: TenantScope) {
    const from = now() - rememberedMs;
    const [budget = defaultBudget, statistics] = await Promise.all([
      detectionTuning.budget(scope),
      detectionTuning.statistics(scope, from),
    ]);
    const observedMs = Math.max(0, now() - Math.max(from, statistics.since ?? now()));
    return {
      budget,
      statistics,
      observedMs,
      threshold: pageThreshold(budget, { ...statistics, observedMs }, intervalMs),
    };
  }

  /** Each the same while nothing of it has changed, and the list while nothing in it has. */
  const known = new Map<
    number,
    { readonly text: string; readonly settings: readonly WatchSetting[]; readonly byText: Map<string, WatchSetting> }
  >();

  const trained = createTrainedDetectors(storage);

  function compiled(
    { tenantId }: TenantScope,
    settings: readonly DetectionSetting[],
    models: readonly TrainedDetector[],
  ): readonly WatchSetting[] {
    const keys = models.map(({ key }) => key);
    const text = JSON.stringify([settings, keys]);
    const former = known.get(tenantId);
    if (former?.text === text) return former.settings;
    const byText = new Map(
      settings.map((setting) => {
        const ofOne = JSON.stringify([setting, keys]);
        return [ofOne, former?.byText.get(ofOne) ?? compile(setting, models)];
      }),
    );
    const made = [...byText.values()];
    known.set(tenantId, { text, settings: made, byText });
    return made;
  }

  function compile(
    { id, selector, enabled, sigmas, detectors, surprise }: DetectionSetting,
    models: readonly TrainedDetector[],
  ): WatchSetting {
    return {
      key: id.slice(0, keyLength),
      matches: compileMatchers(parseSelector(selector)),
      sigmas: enabled ? sigmas : Infinity,
      kinds: enabled ? seriesDetectors.filter(({ name }) => detectors.includes(name)) : [],
      hostKinds: enabled ? hostDetectors.filter(({ name }) => detectors.includes(name)) : [],
      models,
      surprise,
    };
  }

  async function tune(scope: TenantScope): Promise<void> {
    const [{ threshold }, feedback, settings] = await Promise.all([
      stateOf(scope),
      detectionTuning.feedback(scope),
      detectionTuning.settings(scope),
    ]);
    const usesHosts = settings.some(
      ({ enabled, detectors }) => enabled && hostDetectors.some(({ name }) => detectors.includes(name)),
    );
    const models = usesHosts ? await trained.of(scope) : [];
    const judged = feedback.map(({ verdict, shape }) => ({ verdict, shape: new Map(Object.entries(shape)) }));
    await detection.tune(scope, {
      pageSurprise: threshold.surprise,
      judged,
      settings: compiled(scope, settings, models),
    });
  }

  async function budgetOf(scope: TenantScope): Promise<BudgetResponse> {
    const [{ budget, statistics, observedMs, threshold }, canaries] = await Promise.all([
      stateOf(scope),
      detectionTuning.canaries(scope, now() - rememberedMs),
    ]);
    const { pages, hosts } = statistics;
    const periods = (hosts * observedMs) / (budget.perHostDays * dayMs);
    return {
      budget,
      threshold: { ...threshold, surprise: Number(threshold.surprise.toFixed(2)) },
      achieved: {
        days: Number((observedMs / dayMs).toFixed(2)),
        hosts,
        pages,
        perHost: periods === 0 ? 0 : Number((pages / periods).toFixed(3)),
      },
      canaries: {
        injected: canaries.length,
        found: canaries.filter(({ found }) => found).length,
        paged: canaries.filter(({ page }) => page).length,
        recall: recallOf(canaries),
      },
    };
  }

  return {
    budget: budgetOf,
    reload: tune,
    async setBudget(scope, budget) {
      await detectionTuning.setBudget(scope, budget, now());
      await tune(scope);
      return budgetOf(scope);
    },
    async judge(scope, eventId, feedback) {
      const event = await storage.anomalyEvents.find(scope, eventId);
      if (event === undefined) throw notFound(`there is no event ${eventId}`);
      const judged = { ...feedback, eventId, host: event.host, at: now(), shape: shapeOfEvent(event) };
      await detectionTuning.saveFeedback(scope, judged);
      await tune(scope);
      return judged;
    },
    async takeBack(scope, eventId) {
      if (!(await detectionTuning.deleteFeedback(scope, eventId))) throw notFound(`nothing was said of ${eventId}`);
      await tune(scope);
    },
    async addSetting(scope, setting) {
      parseSelector(setting.selector);
      const names = [...seriesDetectors, ...hostDetectors].map(({ name }) => name);
      const unknown = setting.detectors.find((name) => !names.includes(name));
      if (unknown !== undefined) {
        throw new TarsierError(
          'detection/detector',
          `detectors: expected some of ${names.join(', ')}, got ${JSON.stringify(unknown)}`,
          { field: 'detectors' },
        );
      }
      const made = await detectionTuning.createSetting(scope, setting, now());
      await tune(scope);
      return made;
    },
    async deleteSetting(scope, id) {
      if (!(await detectionTuning.deleteSetting(scope, id))) throw notFound(`there is no setting ${id}`);
      await tune(scope);
    },
    async canary(scope, host, outcome) {
      const { threshold } = await stateOf(scope);
      const id = `${host}-${outcome.at}`;
      const page = outcome.found && outcome.surprise >= threshold.surprise;
      await detectionTuning.saveCanary(scope, { id, host, ...outcome, page });
    },
    async refresh() {
      for (const scope of await storage.tenants.withHosts()) await tune(scope);
    },
  };
}

function recallOf(canaries: readonly Canary[]): BudgetResponse['canaries']['recall'] {
  const bySigmas = Map.groupBy(canaries, ({ sigmas }) => sigmas);
  return Array.from(bySigmas, ([sigmas, all]) => ({
    sigmas,
    injected: all.length,
    found: all.filter(({ found }) => found).length,
  })).toSorted((a, b) => a.sigmas - b.sigmas);
}

function shapeOfEvent({ contributors }: AnomalyEvent): Readonly<Record<string, number>> {
  return Object.fromEntries(shapeOf(contributors.map(({ metric, strength }) => [metric, strength])));
}

function notFound(message: string): TarsierError {
  return new TarsierError('http/not-found', `id: ${message}`, { field: 'id' });
}
