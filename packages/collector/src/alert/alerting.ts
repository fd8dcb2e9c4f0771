/** Rules over every stored sample and anomaly: what begins and what ends is saved, shown and told. */
import { seriesSignature, type Alert, type Anomaly, type Labels, type UnixMs } from '@tarsier/protocol';
import type { AnomalyRule, Rule, ThresholdRule } from '@tarsier/protocol/api';
import { describeError, type Log } from '../log.ts';
import { compileMatchers, parseSelector } from '../query/selector.ts';
import type { AlertChange } from '../storage/alerts.ts';
import type { Storage } from '../storage/storage.ts';
import type { SamplesConsumer, StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import { createAlertWriter } from './alert-writer.ts';
import { advance, type Observation, type OpenState } from './state-machine.ts';
import { crosses, describeCrossing } from './threshold.ts';

export interface Alerting {
  /** Loads rules, and the alerts that were open when the collector stopped. */
  restore(): Promise<void>;
  readonly consume: SamplesConsumer;
  /** An anomaly began, changed or ended. */
  anomaly(scope: TenantScope, anomaly: Anomaly): void;
  /** The tenant's rules changed. */
  reloadRules(scope: TenantScope): Promise<void>;
  /** Lets time pass for what gets no samples any more, and writes what waits. */
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

/** Without a sample for this long an alert's series is gone, and so is the alert: Prometheus's look-back. */
const staleMs = 5 * 60_000;

type Matches = (series: { readonly name: string; readonly labels: Labels }) => boolean;

interface ActiveRule<R extends Rule = Rule> {
  readonly rule: R;
  readonly matches: Matches;
  /** A schema's columns that the rule watches. */
  readonly columns: WeakMap<StoredSamples['schema'], readonly WatchedColumn[]>;
}

interface WatchedColumn {
  readonly column: number;
  readonly series: AlertSeries;
}

interface AlertSeries {
  readonly host: string;
  readonly metric: string;
  readonly labels: Labels;
  readonly signature: string;
}

interface Open {
  alert: Alert & { readonly state: OpenState };
  lastSeen: UnixMs;
}

interface TenantState {
  readonly scope: TenantScope;
  thresholds: readonly ActiveRule<ThresholdRule>[];
  anomalies: readonly ActiveRule<AnomalyRule>[];
  readonly forMsByRule: Map<string, number>;
  /** By rule and series. */
  readonly open: Map<string, Open>;
  /** Last raw value of a series whose rate a rule wants, by rule and series. */
  readonly previous: Map<string, { readonly time: UnixMs; readonly value: number }>;
}

export function createAlerting({ storage, onAlert, log, now = Date.now }: AlertingDeps): Alerting {
  const tenants = new Map<number, TenantState>();
  const writer = createAlertWriter({ alerts: storage.alerts, onSaved: onAlert, log, now });

  async function reloadRules(scope: TenantScope): Promise<void> {
    const rules = (await storage.rules.list(scope)).filter(({ enabled }) => enabled);
    const state = tenants.get(scope.tenantId) ?? newTenant(scope);
    tenants.set(scope.tenantId, state);
    state.thresholds = rules.filter((rule) => rule.kind === 'threshold').map(activate);
    state.anomalies = rules.filter((rule) => rule.kind === 'anomaly').map(activate);
    state.forMsByRule.clear();
    for (const { id, forMs } of rules) state.forMsByRule.set(id, forMs);
    for (const [key, { alert }] of state.open) {
      if (!state.forMsByRule.has(alert.ruleId)) end(state, key, 'its rule was deleted');
    }
  }

  /** Moves one alert on by what was seen, and hands a change of state to the writer. */
  function observe(
    state: TenantState,
    rule: Rule,
    series: AlertSeries,
    observation: Observation,
    reason: () => string,
  ): void {
    const key = `${rule.id}/${series.signature}`;
    const open = state.open.get(key);
    if (open === undefined && !observation.holds) return;
    // A late sample must not turn back what newer ones have decided.
    if (open !== undefined && observation.time < open.lastSeen) return;
    const next = advance(open?.alert.state, observation, rule.forMs);
    if (next === undefined) {
      state.open.delete(key);
      if (open !== undefined) writer.forget(state.scope, open.alert.id);
      return;
    }
    const begun = open?.alert ?? begin(rule, series, observation.time);
    const isNews = next.kind !== open?.alert.state.kind;
    const alert: Alert = {
      ...begun,
      state: next,
      reason: isNews && next.kind !== 'resolved' ? reason() : begun.reason,
    };
    if (next.kind === 'resolved') state.open.delete(key);
    else state.open.set(key, { alert: { ...alert, state: next }, lastSeen: observation.time });
    if (isNews) writer.save(state.scope, { alert, notify: next.kind !== 'pending' });
  }

  function end(state: TenantState, key: string, why: string): void {
    const open = state.open.get(key);
    state.open.delete(key);
    if (open === undefined) return;
    const { alert } = open;
    if (alert.state.kind === 'pending') {
      writer.forget(state.scope, alert.id);
      return;
    }
    const change: AlertChange = {
      alert: {
        ...alert,
        state: { ...alert.state, kind: 'resolved', resolvedAt: now() },
        reason: `${alert.reason}; over because ${why}`,
      },
      notify: true,
    };
    writer.save(state.scope, change);
  }

  function evaluate(state: TenantState, active: ActiveRule<ThresholdRule>, { schema, matrix }: StoredSamples): void {
    const { rule } = active;
    const { times, values, present } = matrix;
    const rows = times.length;
    for (const { column, series } of columnsOf(active, schema)) {
      for (let row = 0; row < rows; row++) {
        const at = column * rows + row;
        if (present !== undefined && present[at] === 0) continue;
        const time = times[row] ?? 0;
        const raw = values[at] ?? Number.NaN;
        const value = rule.reduce === 'rate' ? rateOf(state, rule, series, time, raw) : raw;
        if (value === undefined) continue;
        observe(state, rule, series, { time, value, holds: crosses(rule, value) }, () =>
          describeCrossing(rule, series.signature, value),
        );
      }
    }
  }

  return {
    reloadRules,

    async restore() {
      for (const scope of await storage.tenants.all()) {
        await reloadRules(scope);
        const state = tenants.get(scope.tenantId);
        for (const alert of await storage.alerts.open(scope)) {
          if (alert.state.kind === 'resolved') continue;
          const key = `${alert.ruleId}/${seriesSignature({ name: alert.metric, labels: alert.labels })}`;
          state?.open.set(key, { alert: { ...alert, state: alert.state }, lastSeen: alert.state.since });
        }
      }
    },

    consume(stored) {
      const state = tenants.get(stored.schema.scope.tenantId);
      for (const active of state?.thresholds ?? []) if (state !== undefined) evaluate(state, active, stored);
    },

    anomaly(scope, anomaly) {
      const state = tenants.get(scope.tenantId);
      if (state === undefined) return;
      const { host, metric, labels, peakScore, end: ended, peakAt } = anomaly;
      const series = { host, metric, labels, signature: seriesSignature({ name: metric, labels }) };
      for (const { rule, matches } of state.anomalies) {
        if (!matches({ name: metric, labels })) continue;
        const holds = ended === undefined && peakScore >= rule.minScore;
        observe(state, rule, series, { time: ended ?? peakAt, value: peakScore, holds }, () => anomaly.reason);
      }
    },

    async tick(at) {
      for (const state of tenants.values()) {
        for (const { rule } of state.anomalies) advancePending(state, rule, at);
        for (const [key, { lastSeen, alert }] of state.open) {
          const isAnomaly = state.anomalies.some(({ rule }) => rule.id === alert.ruleId);
          if (!isAnomaly && at - lastSeen > staleMs) end(state, key, 'its series has no samples any more');
        }
      }
      await writer.flush();
    },

    close: () => writer.flush(),
  };

  /** An anomaly that lasts is told of only when it changes; its `for` passes all the same. */
  function advancePending(state: TenantState, rule: AnomalyRule, at: UnixMs): void {
    for (const [key, { alert, lastSeen }] of state.open) {
      if (alert.ruleId !== rule.id || alert.state.kind !== 'pending' || at < lastSeen) continue;
      const { host, metric, labels, state: pending } = alert;
      const series = { host, metric, labels, signature: key.slice(rule.id.length + 1) };
      observe(state, rule, series, { time: at, value: pending.value, holds: true }, () => alert.reason);
    }
  }

  function rateOf(state: TenantState, rule: Rule, series: AlertSeries, time: UnixMs, raw: number): number | undefined {
    const key = `${rule.id}/${series.signature}`;
    const previous = state.previous.get(key);
    if (previous !== undefined && time <= previous.time) return undefined;
    state.previous.set(key, { time, value: raw });
    if (previous === undefined || raw < previous.value) return undefined;
    return ((raw - previous.value) * 1000) / (time - previous.time);
  }

  function activate<R extends Rule>(rule: R): ActiveRule<R> {
    try {
      return { rule, matches: compileMatchers(parseSelector(rule.selector)), columns: new WeakMap() };
    } catch (error) {
      log.error('a stored rule can not be evaluated', { rule: rule.name, error: describeError(error) });
      return { rule, matches: () => false, columns: new WeakMap() };
    }
  }
}

function newTenant(scope: TenantScope): TenantState {
  return { scope, thresholds: [], anomalies: [], forMsByRule: new Map(), open: new Map(), previous: new Map() };
}

function begin(rule: Rule, { host, metric, labels, signature }: AlertSeries, time: UnixMs): Omit<Alert, 'state'> {
  return {
    id: `${rule.id}/${signature}/${time}`,
    ruleId: rule.id,
    name: rule.name,
    severity: rule.severity,
    host,
    metric,
    labels,
    reason: '',
  };
}

function columnsOf({ matches, columns }: ActiveRule, schema: StoredSamples['schema']): readonly WatchedColumn[] {
  let watched = columns.get(schema);
  if (watched === undefined) {
    watched = schema.schema.series.flatMap(({ metric, labels }, column) => {
      const name = schema.schema.metrics[metric]?.name ?? '';
      const all = { ...labels, host: schema.host };
      if (!matches({ name, labels: all })) return [];
      return [
        {
          column,
          series: { host: schema.host, metric: name, labels: all, signature: seriesSignature({ name, labels: all }) },
        },
      ];
    });
    columns.set(schema, watched);
  }
  return watched;
}
