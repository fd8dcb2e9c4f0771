/** One rule group at work: what its rules gave last, and the next evaluation. */
import {
  describeError,
  TarsierError,
  type Alert,
  type Labels,
  type SeriesIdentity,
  type UnixMs,
} from '@tarsier/protocol';
import type { Engine } from '../../query/engine.ts';
import { LabelSet, metricName } from '../../query/label-set.ts';
import { childrenOf, type Expr } from '../../query/language/ast.ts';
import { parseQuery } from '../../query/language/parse.ts';
import { quote } from '../../query/language/text.ts';
import { compileMatchers } from '../../query/selector.ts';
import { markStale } from '../../query/staleness.ts';
import type { TenantScope } from '../../tenant.ts';
import { expandTemplate, type TemplateData } from '../template/template.ts';
import { AlertRuleRun, type AlertSample, type AlertSink } from './alert-rule-run.ts';
import { identityOf } from './rule-file.ts';
import { samplesOf } from './samples-of.ts';
import { ruleIds, type AlertingRule, type GroupRule, type RecordingRule, type RuleGroup } from './rule-group.ts';

/** Stores one sample of each series; resolves when they are committed. */
export type RecordSamples = (
  scope: TenantScope,
  series: readonly SeriesIdentity[],
  values: Float64Array,
  time: UnixMs,
) => Promise<void>;

export interface RuleState {
  readonly rule: GroupRule;
  /** Alerts that are pending or fire; none of a rule that records. */
  readonly alerts: readonly Alert[];
  readonly health: 'unknown' | 'ok' | 'err';
  readonly lastError: string;
  /** 0: never. */
  readonly evaluatedAt: UnixMs;
  readonly evaluationMs: number;
}

export interface GroupRunDeps {
  readonly engine: Pick<Engine, 'instant'>;
  readonly record: RecordSamples;
  readonly alerts: AlertSink;
  /** Where people open the page. */
  readonly pageUrl: string;
  /** For templates; nothing unless given. */
  readonly externalLabels?: Labels;
  readonly now: () => number;
  /** An evaluation of a rule has ended. @param error  why there is no result, if there is none */
  readonly onEvaluated: (rule: GroupRule, ms: number, error: unknown) => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface RunningRule {
  readonly state: Mutable<Omit<RuleState, 'alerts'>>;
  /** Of an alerting rule. */
  readonly alerting: AlertRuleRun | undefined;
  readonly expr: Expr;
  /** Series of the evaluation before, by key; undefined before the first. */
  series: ReadonlyMap<string, LabelSet> | undefined;
}

export class GroupRun {
  readonly scope: TenantScope;
  readonly group: RuleGroup;
  readonly #deps: GroupRunDeps;
  readonly #rules: readonly RunningRule[];
  /** In the order of its rules. */
  readonly #ids: readonly string[];
  evaluatedAt = 0;
  evaluationMs = 0;
  /** Evaluations that were due while another was still at it. */
  missed = 0;
  /** When it last left one out; 0: never. */
  missedAt = 0;

  /** @param file  of the group: rules of two files are not the same */
  constructor(scope: TenantScope, file: string, group: RuleGroup, deps: GroupRunDeps) {
    this.scope = scope;
    this.group = group;
    this.#deps = deps;
    this.#ids = ruleIds(file, group);
    this.#rules = group.rules.map((rule, index) => ({
      state: { rule, health: 'unknown', lastError: '', evaluatedAt: 0, evaluationMs: 0 },
      alerting: rule.kind === 'alert' ? new AlertRuleRun(this.#ids[index] ?? '', rule, deps.alerts) : undefined,
      expr: parseQuery(rule.expr),
      series: undefined,
    }));
  }

  has(ruleId: string): boolean {
    return this.#ids.includes(ruleId);
  }

  get states(): readonly RuleState[] {
    return this.#rules.map(({ state, alerting }) => ({ ...state, alerts: alerting?.open ?? [] }));
  }

  /** Goes on from where another run of the group was, as far as their rules are the same. */
  resume(before: GroupRun): void {
    const known = new Map(before.#rules.map(({ state, series }) => [identityOf(state.rule), series]));
    for (const rule of this.#rules) rule.series = known.get(identityOf(rule.state.rule));
    this.restore(before.#rules.flatMap(({ alerting }) => alerting?.open ?? []));
    this.evaluatedAt = before.evaluatedAt;
    this.missed = before.missed;
    this.missedAt = before.missedAt;
    this.evaluationMs = before.evaluationMs;
  }

  /** Goes on with alerts that were open: those of its rules. */
  restore(alerts: readonly Alert[]): void {
    const byRule = Map.groupBy(alerts, ({ ruleId }) => ruleId);
    for (const { alerting } of this.#rules) alerting?.restore(byRule.get(alerting.id) ?? [], this.#deps.now());
  }

  /** Says of the series of rules that `after` has no more that they have ended. */
  async retire(after: GroupRun | undefined, time: UnixMs): Promise<void> {
    const kept = new Set(after?.group.rules.map(identityOf));
    const keptAlerts = new Set(after === undefined ? [] : after.#rules.map(({ alerting }) => alerting?.id));
    const batch = new SampleBatch();
    for (const { state, series, alerting } of this.#rules) {
      if (alerting !== undefined && !keptAlerts.has(alerting.id)) alerting.endAll(time, 'its rule was deleted');
      if (kept.has(identityOf(state.rule))) continue;
      for (const labels of series?.values() ?? []) batch.end(labels);
    }
    // After the last that they gave, whatever the clock says.
    await batch.store(this.scope, Math.max(time, this.evaluatedAt + 1), this.#deps.record);
  }

  /** Every rule once, in order; one that fails leaves the others alone. */
  async evaluate(slot: UnixMs): Promise<void> {
    const began = this.#deps.now();
    const time = slot - this.group.queryOffsetMs;
    let batch = new SampleBatch();
    let waiting: {
      readonly rule: RunningRule;
      readonly results: ReadonlyMap<string, LabelSet>;
      readonly ms: number;
    }[] = [];
    const flush = async (): Promise<void> => {
      const [storing, of] = [batch, waiting];
      [batch, waiting] = [new SampleBatch(), []];
      let error: unknown;
      await storing.store(this.scope, time, this.#deps.record).catch((reason: unknown) => (error = reason));
      for (const { rule, results, ms } of of) {
        if (error === undefined) rule.series = results;
        this.#finish(rule, slot, ms, error);
      }
    };
    for (const rule of this.#rules) {
      const { rule: definition } = rule.state;
      // A rule sees what those before it have recorded for the same time.
      if (batch.size > 0 && readsAnyOf(rule.expr, batch.names)) await flush();
      const ruleBegan = this.#deps.now();
      try {
        const before = rule.series ?? (await this.#recordedBefore(definition, time));
        const results =
          definition.kind === 'record'
            ? await this.#results(definition, time)
            : await this.#alert(definition, rule.alerting, time);
        for (const { labels, value } of results.values()) batch.add(labels, value);
        for (const [key, labels] of before) if (!results.has(key)) batch.end(labels);
        const series = new Map(Array.from(results, ([key, { labels }]) => [key, labels]));
        waiting.push({ rule, results: series, ms: this.#deps.now() - ruleBegan });
      } catch (error) {
        this.#finish(rule, slot, this.#deps.now() - ruleBegan, error);
      }
    }
    await flush();
    this.evaluatedAt = slot;
    this.evaluationMs = this.#deps.now() - began;
  }

  #finish({ state }: RunningRule, slot: UnixMs, ms: number, error: unknown): void {
    state.health = error === undefined ? 'ok' : 'err';
    state.lastError = error === undefined ? '' : describeError(error);
    state.evaluatedAt = slot;
    state.evaluationMs = ms;
    this.#deps.onEvaluated(state.rule, ms, error);
  }

  async #results(
    { record, expr, labels }: RecordingRule,
    time: UnixMs,
  ): Promise<ReadonlyMap<string, { readonly labels: LabelSet; readonly value: number }>> {
    const results = new Map<string, { readonly labels: LabelSet; readonly value: number }>();
    for (const sample of samplesOf(await this.#deps.engine.instant(this.scope, { query: expr, time }))) {
      let named = sample.labels.with(metricName, record);
      for (const [name, value] of Object.entries(labels)) named = named.with(name, value);
      if (results.has(named.key)) {
        throw new TarsierError(
          'rules/evaluation',
          `vector contains metrics with the same labelset after applying rule labels: ${String(named)}`,
        );
      }
      results.set(named.key, { labels: named, value: sample.value });
    }
    this.#checkLimit(results.size);
    return results;
  }

  #checkLimit(size: number): void {
    const { limit } = this.group;
    if (limit > 0 && size > limit) {
      throw new TarsierError('rules/evaluation', `exceeded limit of ${limit} with ${size} series`);
    }
  }

  /** @returns what it records: the series `ALERTS` of each alert that is pending or fires */
  async #alert(
    rule: AlertingRule,
    alerting: AlertRuleRun | undefined,
    time: UnixMs,
  ): Promise<ReadonlyMap<string, { readonly labels: LabelSet; readonly value: number }>> {
    const found = samplesOf(await this.#deps.engine.instant(this.scope, { query: rule.expr, time }));
    this.#checkLimit(found.length);
    const samples: AlertSample[] = [];
    for (const sample of found) samples.push(await this.#filledIn(rule, sample, time));
    if (new Set(samples.map(({ labels }) => LabelSet.ofSeries({ name: '', labels }).key)).size < samples.length) {
      throw new TarsierError(
        'rules/evaluation',
        'vector contains metrics with the same labelset after applying alert labels',
      );
    }
    alerting?.evaluate(samples, time);
    const active = (alerting?.open ?? []).map(({ name, labels, state }) => {
      const series = LabelSet.ofSeries({
        name: alertsMetric,
        labels: { ...labels, alertname: name, alertstate: state.kind },
      });
      return [series.key, { labels: series, value: 1 }] as const;
    });
    return new Map(active);
  }

  async #filledIn(
    rule: AlertingRule,
    { labels: of, value }: { readonly labels: LabelSet; readonly value: number },
    time: UnixMs,
  ): Promise<AlertSample> {
    const { [metricName]: metric = '', ...labels } = of.toObject();
    const data: TemplateData = {
      labels,
      value,
      externalUrl: this.#deps.pageUrl,
      externalLabels: this.#deps.externalLabels ?? {},
      query: async (query) => {
        const results = samplesOf(await this.#deps.engine.instant(this.scope, { query, time }));
        return results.map((result) => ({ Labels: result.labels.toObject(), Value: result.value }));
      },
    };
    const fillIn = async (texts: Readonly<Record<string, string>>): Promise<Record<string, string>> => {
      const filled: Record<string, string> = {};
      for (const [name, text] of Object.entries(texts)) filled[name] = await expandTemplate(text, data);
      return filled;
    };
    const own = await fillIn(rule.labels);
    const all = Object.entries({ ...labels, ...own }).filter(([name, text]) => text !== '' && name !== 'alertname');
    return { labels: Object.fromEntries(all), annotations: await fillIn(rule.annotations), metric, value };
  }

  /** After a restart: the rule's series that had not ended. Those that it gives no more have to be ended. */
  async #recordedBefore(rule: GroupRule, time: UnixMs): Promise<ReadonlyMap<string, LabelSet>> {
    const [record, own] =
      rule.kind === 'record'
        ? [rule.record, rule.labels]
        : [alertsMetric, { ...withoutTemplates(rule), alertname: rule.alert }];
    const matchers = Object.entries(own).map(([name, value]) => `,${name}=${quote(value)}`);
    const query = `{__name__=${quote(record)}${matchers.join('')}}`;
    const found = samplesOf(await this.#deps.engine.instant(this.scope, { query, time: time - 1 }));
    return new Map(found.map(({ labels: of }) => [of.key, of]));
  }
}

/** The series by which other rules see alerts, as in Prometheus. */
const alertsMetric = 'ALERTS';

function withoutTemplates({ labels }: AlertingRule): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, text]) => !text.includes('{{')));
}

/** Samples of one time, to be stored together: one of each series. */
class SampleBatch {
  /** Undefined: the series has ended. */
  readonly #values = new Map<string, { readonly labels: LabelSet; readonly value: number | undefined }>();
  readonly names = new Set<string>();

  get size(): number {
    return this.#values.size;
  }

  add(labels: LabelSet, value: number): void {
    this.names.add(labels.get(metricName));
    this.#values.set(labels.key, { labels, value });
  }

  /** Unless another rule goes on with it. */
  end(labels: LabelSet): void {
    if (!this.#values.has(labels.key)) this.#values.set(labels.key, { labels, value: undefined });
  }

  async store(scope: TenantScope, time: UnixMs, record: RecordSamples): Promise<void> {
    if (this.size === 0) return;
    const rows = [...this.#values.values()];
    const values = Float64Array.from(rows, ({ value }) => value ?? Number.NaN);
    for (const [row, { value }] of rows.entries()) if (value === undefined) markStale(values, row);
    const series = rows.map(({ labels }): SeriesIdentity => {
      const { [metricName]: name = '', ...rest } = labels.toObject();
      return { name, labels: rest };
    });
    await record(scope, series, values, time);
  }
}

/** Whether any selector of an expression may match one of these metrics. */
function readsAnyOf(expr: Expr, names: ReadonlySet<string>): boolean {
  if (expr.kind !== 'selector') return childrenOf(expr).some((child) => readsAnyOf(child, names));
  const matches = compileMatchers(expr.matchers.filter(({ label }) => label === metricName));
  return [...names].some((name) => matches({ name, labels: {} }));
}
