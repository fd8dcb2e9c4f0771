/** Rules over every stored sample and anomaly: what begins and what ends is saved, shown and told. */
import { type Alert, type Anomaly, describeError, type UnixMs } from '@tarsier/protocol';
import type { Rule } from '@tarsier/protocol/api';
import type { Log } from '../log.ts';
import { parseSelector } from '../query/language/parse.ts';
import { compileMatchers } from '../query/selector.ts';
import type { Storage } from '../storage/storage.ts';
import type { SamplesConsumer } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import { endedAlert, type Matches } from './alert-series.ts';
import { createAlertWriter, type AlertWriter } from './alert-writer.ts';
import { HostWatch } from './host-watch.ts';
import { RuleWatch, type RuleOutcome } from './rule-watch.ts';

export interface Alerting {
  /** Where alerts of rules go that are evaluated elsewhere. */
  readonly writer: Pick<AlertWriter, 'save' | 'forget'>;
  /**
   * Loads rules, and the alerts that were open when the collector stopped. The anomalies that still last are to be
   * told with {@link Alerting.anomaly} before the first tick, which ends the alerts of the others.
   *
   * @param isElsewhere  whether a rule is evaluated elsewhere, and its alerts with it
   */
  restore(isElsewhere?: (scope: TenantScope, ruleId: string) => boolean): Promise<void>;
  /** Samples older than those that a rule has seen of a series count for nothing. */
  readonly consume: SamplesConsumer;
  /** Samples of before the start: their hosts are there, nothing else follows from them. */
  readonly replay: SamplesConsumer;
  /** Until now nothing could be stored, so that nothing was heard: silence of before counts for nothing. */
  deaf(now: UnixMs): void;
  /** Samples of the host came and could not be stored: it is not silent. */
  refused(scope: TenantScope, host: string): void;
  /** A host is taken away: nobody waits for it any more. */
  forgetHost(scope: TenantScope, host: string): void;
  /** An anomaly began, changed or ended. */
  anomaly(scope: TenantScope, anomaly: Anomaly): void;
  /** The tenant's rules changed. */
  reloadRules(scope: TenantScope): Promise<void>;
  /** Ends the alerts of series that are silent, and writes what waits. */
  tick(now: UnixMs): Promise<void>;
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface AlertingDeps {
  readonly storage: Pick<Storage, 'rules' | 'alerts' | 'tenants'>;
  /** Called once a change is saved. */
  readonly onAlert: (scope: TenantScope, alert: Alert) => void;
  readonly log: Log;
  readonly now?: () => UnixMs;
}

interface TenantState {
  readonly scope: TenantScope;
  readonly watches: Map<string, RuleWatch | HostWatch>;
  readonly outcome: RuleOutcome;
  /** Of the newest reload that began. */
  reload: number;
}

export function createAlerting({ storage, onAlert, log, now = Date.now }: AlertingDeps): Alerting {
  const tenants = new Map<number, TenantState>();
  let tickedAt: UnixMs | undefined;
  const writer = createAlertWriter({ alerts: storage.alerts, onSaved: onAlert, log });

  /** Every host watch, of one tenant or of all. */
  function* hostWatches(tenantId?: number): Iterable<HostWatch> {
    for (const [id, { watches }] of tenants) {
      if (tenantId !== undefined && id !== tenantId) continue;
      for (const watch of watches.values()) if (watch instanceof HostWatch) yield watch;
    }
  }

  function deaf(at: UnixMs): void {
    for (const watch of hostWatches()) watch.deaf(at);
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
      const outcome: RuleOutcome = {
        changed: (alert) => writer.save(scope, alert),
        forgotten: (alertId) => writer.forget(scope, alertId),
      };
      state = { scope, watches: new Map(), outcome, reload: 0 };
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
    for (const rule of rules) {
      if (state.watches.has(rule.id)) continue;
      const matches = matcherOf(rule);
      const watch =
        rule.kind === 'no-data'
          ? new HostWatch(rule, matches, state.outcome)
          : new RuleWatch(rule, matches, state.outcome);
      state.watches.set(rule.id, watch);
    }
  }

  function matcherOf(rule: Rule): Matches {
    try {
      return compileMatchers(parseSelector(rule.selector));
    } catch (error) {
      log.error('a stored rule can not be evaluated', { rule: rule.name, error: describeError(error) });
      return () => false;
    }
  }

  return {
    reloadRules,
    writer,

    async restore(isElsewhere = () => false) {
      for (const scope of await storage.tenants.all()) {
        await reloadRules(scope);
        for (const watch of hostWatches(scope.tenantId)) watch.deaf(now());
        const { watches, outcome } = stateOf(scope);
        for (const alert of await storage.alerts.open(scope)) {
          const { state } = alert;
          if (state.kind === 'resolved' || isElsewhere(scope, alert.ruleId)) continue;
          const watch = watches.get(alert.ruleId);
          if (watch !== undefined) watch.restore({ ...alert, state }, now());
          else if (state.kind === 'pending') outcome.forgotten(alert.id);
          else outcome.changed(endedAlert({ ...alert, state }, now(), ruleGone));
        }
      }
    },

    consume(stored) {
      const state = tenants.get(stored.schema.scope.tenantId);
      if (state === undefined) return;
      const arrived = now();
      for (const watch of state.watches.values()) watch.consume(stored, arrived);
    },

    replay(stored) {
      const state = tenants.get(stored.schema.scope.tenantId);
      for (const watch of state?.watches.values() ?? []) if (watch instanceof HostWatch) watch.replay(stored);
    },

    deaf,

    refused({ tenantId }, host) {
      for (const watch of hostWatches(tenantId)) watch.refused(host, now());
    },

    forgetHost({ tenantId }, host) {
      for (const watch of hostWatches(tenantId)) watch.forget(host);
    },

    anomaly({ tenantId }, anomaly) {
      for (const watch of tenants.get(tenantId)?.watches.values() ?? []) {
        if (watch instanceof RuleWatch) watch.anomaly(anomaly, now());
      }
    },

    async tick(at) {
      noticeGap(at);
      for (const { watches } of tenants.values()) for (const watch of watches.values()) watch.tick(at);
      await writer.flush();
    },

    close: () => writer.flush(),
  };
}

/** Longer between two ticks than this is no matter of a busy second. */
const longestGapMs = 30_000;

const ruleGone = 'its rule was deleted';
