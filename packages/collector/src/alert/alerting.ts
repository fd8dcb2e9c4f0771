/** Rules over every stored sample and anomaly: what begins and what ends is saved, shown and told. */
import { isDeepStrictEqual } from 'node:util';
import type { Alert, Anomaly, UnixMs } from '@tarsier/protocol';
import type { RuleEvaluation } from '@tarsier/protocol/api';
import { hourMs } from '../storage/hours.ts';
import type { Storage } from '../storage/storage.ts';
import type { SamplesConsumer, StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import { endedAlert } from './alert-series.ts';
import { createAlertWriter, type AlertWriter } from './alert-writer.ts';
import { FiringAlerts } from './firing-alerts.ts';
import { Turns } from './turns.ts';
import { watchOf, withRunbookAddress, type WatchDeps, type WatchedTenant } from './watch-of.ts';
import type { Watch } from './watch.ts';

export interface Alerting {
  /** Where alerts of rules go that are evaluated elsewhere. */
  readonly writer: Pick<AlertWriter, 'save' | 'forget'>;
  /**
   * Loads a tenant's rules, and the alerts that were open when a collector stopped. The anomalies that still last are to be
   * told with {@link Alerting.anomaly} before the first tick, which ends the alerts of the others.
   *
   * @param isElsewhere  whether a rule is evaluated elsewhere, and its alerts with it
   */
  restore(scope: TenantScope, isElsewhere?: (scope: TenantScope, ruleId: string) => boolean): Promise<void>;
  /** Another decides for the tenant: nothing more comes of its rules here. */
  drop(scope: TenantScope): void;
  /** Samples older than those that a rule has seen of a series count for nothing. */
  readonly consume: SamplesConsumer;
  /** What was made here of samples, as anomaly rates: that it comes says nothing of whether its host does. */
  readonly derived: SamplesConsumer;
  /**
   * Samples that came while nobody decided, or before: what a rule has not seen it looks at. That they are stored says
   * nothing of whether their host is still there.
   */
  readonly missed: SamplesConsumer;
  /** Samples of before the start: their hosts are there, nothing else follows from them. */
  readonly replay: SamplesConsumer;
  /** Until now nothing could be stored, so that nothing was heard: silence of before counts for nothing. */
  deaf(now: UnixMs): void;
  /** Samples of the host came and could not be stored: it is not silent. Undefined: any of the tenant's may be it. */
  refused(scope: TenantScope, host: string | undefined): void;
  /** A host is taken away: nobody waits for it any more. */
  forgetHost(scope: TenantScope, host: string): void;
  /** An anomaly began, changed or ended. */
  anomaly(scope: TenantScope, anomaly: Anomaly): void;
  /** How the rules of the tenant that are looked at now and then fare, by id. */
  evaluations(scope: TenantScope): ReadonlyMap<string, RuleEvaluation>;
  /** The tenant's rules changed. */
  reloadRules(scope: TenantScope): Promise<void>;
  /** Ends the alerts of series that are silent, looks at what is due, and writes what waits. */
  tick(now: UnixMs): Promise<void>;
  /** Resolves when nothing is looked at any more: what it came to is on its way. */
  settled(): Promise<void>;
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface AlertingDeps extends Omit<WatchDeps, 'turns'> {
  readonly storage: Pick<Storage, 'rules' | 'alerts'>;
  /** Called once a change is saved. */
  readonly onAlert: (scope: TenantScope, alert: Alert) => void;
}

interface TenantState extends WatchedTenant {
  readonly watches: Map<string, Watch>;
  /** Of the newest reload that began. */
  reload: number;
}

export function createAlerting({ storage, onAlert, ...deps }: AlertingDeps): Alerting {
  const { log, now } = deps;
  const watchDeps: WatchDeps = { ...deps, turns: new Turns(mostAtOnce) };
  const tenants = new Map<number, TenantState>();
  let tickedAt: UnixMs | undefined;
  const writer = createAlertWriter({ alerts: storage.alerts, onSaved: onAlert, log });

  /** Every rule at work, of one tenant or of all. */
  function* watchesOf(tenantId?: number): Iterable<Watch> {
    for (const [id, { watches }] of tenants) if (tenantId === undefined || id === tenantId) yield* watches.values();
  }

  function save(scope: TenantScope, alert: Alert): void {
    stateOf(scope).firing.note(alert);
    writer.save(scope, alert);
  }

  function deaf(at: UnixMs): void {
    for (const watch of watchesOf()) watch.deaf(at);
  }

  /** A gap between ticks, or a clock that was put back: what came meanwhile has yet to be read. */
  function noticeGap(at: UnixMs): void {
    const gapMs = tickedAt === undefined ? 0 : at - tickedAt;
    tickedAt = at;
    if (gapMs >= 0 && gapMs <= longestGapMs) return;
    log.warn('rules were not looked at for a while, or the clock was changed: silent hosts have longer to come back', {
      gapMs,
    });
    deaf(at);
  }

  function stateOf(scope: TenantScope): TenantState {
    let state = tenants.get(scope.tenantId);
    if (state === undefined) {
      const outcome = {
        changed: (alert: Alert) => save(scope, alert),
        forgotten: (alertId: string) => writer.forget(scope, alertId),
      };
      state = { scope, watches: new Map(), outcome, firing: new FiringAlerts(), reload: 0 };
      tenants.set(scope.tenantId, state);
    }
    return state;
  }

  async function reloadRules(scope: TenantScope): Promise<void> {
    const state = stateOf(scope);
    state.reload++;
    const { reload } = state;
    const rules = (await storage.rules.list(scope)).filter(({ enabled }) => enabled);
    // Of two reloads at once the later has read the newer rules.
    if (reload !== state.reload) return;
    const ids = new Set(rules.map(({ id }) => id));
    for (const [id, watch] of state.watches) {
      if (ids.has(id)) continue;
      watch.endAll(now(), ruleGone);
      state.watches.delete(id);
    }
    for (const stored of rules) {
      const rule = withRunbookAddress(stored, deps.pageUrl);
      const before = state.watches.get(rule.id);
      if (before !== undefined && isDeepStrictEqual(before.rule, rule)) continue;
      const watch = watchOf(rule, state, watchDeps);
      if (before?.rule.kind === rule.kind) watch.resume(before, now());
      else before?.endAll(now(), 'its rule was made another');
      state.watches.set(rule.id, watch);
    }
  }

  /** Of those that are no sign of life. */
  function consumeQuietly(stored: StoredSamples): void {
    for (const watch of watchesOf(stored.schema.scope.tenantId)) {
      if (watch.rule.kind !== 'no-data') watch.consume(stored, now());
    }
  }

  return {
    reloadRules,
    writer: { save, forget: writer.forget },

    async restore(scope, isElsewhere = () => false) {
      await reloadRules(scope);
      const { watches, outcome, firing } = stateOf(scope);
      for (const watch of watches.values()) watch.deaf(now());
      for (const { state, ...alert } of await storage.alerts.overSince(scope, now() - longestLookBackMs)) {
        if (state.kind === 'resolved') watches.get(alert.ruleId)?.over(alert, state.resolvedAt);
      }
      for (const alert of await storage.alerts.open(scope)) {
        const { state } = alert;
        if (state.kind === 'resolved') continue;
        firing.note(alert);
        if (isElsewhere(scope, alert.ruleId)) continue;
        const watch = watches.get(alert.ruleId);
        if (watch !== undefined) watch.restore({ ...alert, state }, now());
        else if (state.kind === 'pending') outcome.forgotten(alert.id);
        else outcome.changed(endedAlert({ ...alert, state }, now(), ruleGone));
      }
    },

    drop(scope) {
      for (const watch of watchesOf(scope.tenantId)) watch.leave();
      tenants.delete(scope.tenantId);
      writer.drop(scope);
    },

    consume(stored) {
      const arrived = now();
      for (const watch of watchesOf(stored.schema.scope.tenantId)) watch.consume(stored, arrived);
    },

    derived: consumeQuietly,
    missed: consumeQuietly,

    replay(stored) {
      for (const watch of watchesOf(stored.schema.scope.tenantId)) watch.replay(stored);
    },

    deaf,

    refused({ tenantId }, host) {
      for (const watch of watchesOf(tenantId)) watch.refused(host, now());
    },

    forgetHost({ tenantId }, host) {
      for (const watch of watchesOf(tenantId)) watch.forget(host, now());
    },

    anomaly({ tenantId }, anomaly) {
      for (const watch of watchesOf(tenantId)) watch.anomaly(anomaly, now());
    },

    evaluations({ tenantId }) {
      return new Map(
        [...watchesOf(tenantId)].flatMap(({ rule, evaluation }) =>
          evaluation === undefined ? [] : [[rule.id, evaluation] as const],
        ),
      );
    },

    async tick(at) {
      noticeGap(at);
      // Those over others after them, so that they see what these have come to.
      for (const watch of [...watchesOf()].toSorted((a, b) => a.lookedAt - b.lookedAt)) {
        if (watch.rule.kind !== 'composite') watch.tick(at);
      }
      for (const watch of watchesOf()) if (watch.rule.kind === 'composite') watch.tick(at);
      await writer.flush();
    },

    async settled() {
      await Promise.all(Array.from(watchesOf(), (watch) => watch.settled()));
    },

    close: () => writer.flush(),
  };
}

/** Rules that look at what is stored at once and keep their interval, and as many that do not. */
const mostAtOnce = 2;
/** Longer between two ticks than this is no matter of a busy second. */
const longestGapMs = 30_000;

/** Rules look once more at samples of the last minutes, and at those that lie in one segment with them. */
const longestLookBackMs = 2 * hourMs;

const ruleGone = 'its rule was deleted';
