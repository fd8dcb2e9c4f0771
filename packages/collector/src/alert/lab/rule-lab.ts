/**
 * What a rule would have told: its expression over the past, step by step through the same state machine and the same
 * desk as the present, with the tenant's routes, silences and inhibitions. Nothing is stored, nobody is told.
 */
import type { Alert, Decision, Incident, UnixMs } from '@tarsier/protocol';
import {
  newChannelSchema,
  type Channel,
  type LabPage,
  type LabRule,
  type LabTrial,
  type RuleLabRequest,
  type RuleLabResponse,
} from '@tarsier/protocol/api';
import type { Engine, LabelledColumn } from '../../query/engine.ts';
import { metricName } from '../../query/label-set.ts';
import { formatNumber } from '../../stats/format.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import { AlertRuleRun, type AlertSample } from '../groups/alert-rule-run.ts';
import type { AlertingRule } from '../groups/rule-group.ts';
import { Desk } from '../pipeline/desk.ts';
import { compilePolicies, type Policies } from '../pipeline/policies.ts';
import { readPolicies } from '../pipeline/read-policies.ts';
import { clears, crosses } from '../threshold.ts';

export interface RuleLab {
  /** @throws {TarsierError} `query/…` where the expression can't be evaluated over that time */
  try(scope: TenantScope, request: RuleLabRequest): Promise<RuleLabResponse>;
}

export interface RuleLabDeps {
  readonly storage: Pick<Storage, 'alertPolicies' | 'channels' | 'incidents'>;
  readonly engine: Pick<Engine, 'range'>;
}

/** Where a tenant has no channel yet: a rule may be tried before. */
const someChannel: Channel = {
  ...newChannelSchema.parse({ kind: 'webhook', name: 'anyone', url: 'http://localhost/' }),
  id: 'anyone',
};
/** Incidents that pages are compared with. */
const mostIncidents = 1_000;

export function createRuleLab({ storage, engine }: RuleLabDeps): RuleLab {
  async function policiesOf(scope: TenantScope): Promise<Policies> {
    const { channels, ...decided } = await readPolicies(storage, scope);
    return compilePolicies({ ...decided, channels: channels.length > 0 ? channels : [someChannel] });
  }

  return {
    async try(scope, { rule, start, end, stepMs }) {
      const { data } = await engine.range(scope, { query: rule.expr, start, end, stepMs });
      const series = data.kind === 'matrix' ? data.series : [];
      const policies = await policiesOf(scope);
      const incidents = await storage.incidents.list(scope, { sort: 'newest', limit: mostIncidents });
      const real = incidents.filter((incident) => isReal(incident) && overlaps(incident, start, end));
      const values = rule.kind === 'threshold' ? rule.values : [undefined];
      return { trials: values.map((value) => tryOne({ rule, value, series, policies, real, start, end, stepMs })) };
    },
  };
}

interface Trial {
  readonly rule: LabRule;
  readonly value: number | undefined;
  readonly series: readonly LabelledColumn[];
  readonly policies: Policies;
  readonly real: readonly Incident[];
  readonly start: UnixMs;
  readonly end: UnixMs;
  readonly stepMs: number;
}

function tryOne({ rule, value, series, policies, real, start, end, stepMs }: Trial): LabTrial {
  let changed: Alert[] = [];
  const run = new AlertRuleRun('lab', alertingRule(rule), {
    changed: (alert) => changed.push(alert),
    forgotten() {},
  });
  const desk = new Desk(policies, { incidents: [], sent: new Map(), history: new Map() });
  const pages: LabPage[] = [];
  const decisions = new Map<string, Decision>();
  const incidents = new Set<string>();
  let fired = 0;
  const cursors = series.map((column) => ({ column, at: 0, labels: labelsOf(column, rule) }));
  for (let time = start; time <= end; time += stepMs) {
    const samples = cursors.flatMap((cursor) => {
      const { times, values } = cursor.column;
      if (times[cursor.at] !== time) return [];
      return [sampleOf(rule, value, cursor.labels, values[cursor.at++] ?? Number.NaN)];
    });
    run.evaluate(samples, time);
    const news = changed.filter(({ state }) => state.kind !== 'pending');
    changed = [];
    fired += news.filter(({ state }) => state.kind === 'firing').length;
    const outcome = desk.run(news, time);
    if (outcome === undefined) continue;
    for (const id of outcome.incidents.keys()) incidents.add(id);
    for (const [id, decision] of outcome.decisions) decisions.set(id, decision);
    const told = new Map(outcome.notifications.map((one) => [`${one.incidentId}/${one.number}`, one.message]));
    for (const { reason, why, incident } of told.values()) {
      const found = real.find(({ openedAt, resolvedAt = end }) => openedAt <= time && time <= resolvedAt);
      const { title, severity } = incident;
      pages.push({
        at: time,
        reason,
        title,
        why,
        severity,
        ...(found === undefined ? {} : { realIncident: found.id }),
      });
    }
  }
  const unsent = Map.groupBy(
    [...decisions.values()].filter(({ told }) => !told),
    ({ reason }) => reason,
  );
  const heard = new Set(pages.map(({ realIncident }) => realIncident));
  return {
    ...(value === undefined ? {} : { value }),
    fired,
    incidents: incidents.size,
    pages,
    pagesInRealIncidents: pages.filter(({ realIncident }) => realIncident !== undefined).length,
    missedIncidents: real.filter(({ id }) => !heard.has(id)).map(({ id }) => id),
    unsent: Array.from(unsent, ([reason, some]) => ({ reason, count: some.length })).toSorted(
      (a, b) => b.count - a.count,
    ),
  };
}

function alertingRule({ name, expr, forMs, keepFiringMs }: LabRule): AlertingRule {
  return { kind: 'alert', alert: name, expr, forMs, keepFiringForMs: keepFiringMs, labels: {}, annotations: {} };
}

function labelsOf(
  { labels }: LabelledColumn,
  { severity }: LabRule,
): { readonly metric: string; readonly labels: AlertSample['labels'] } {
  const { [metricName]: metric = '', ...rest } = labels.toObject();
  return { metric, labels: { ...rest, severity } };
}

function sampleOf(
  rule: LabRule,
  bound: number | undefined,
  series: ReturnType<typeof labelsOf>,
  value: number,
): AlertSample {
  const sample = { ...series, annotations: {}, value };
  if (rule.kind === 'expression' || bound === undefined) return sample;
  const { op, clearBy } = rule;
  const clear = op.startsWith('>') ? bound - clearBy : bound + clearBy;
  return {
    ...sample,
    annotations: { summary: `${rule.expr} was ${formatNumber(value)}, ${op} ${formatNumber(bound)}` },
    holds: crosses({ op, value: bound }, value),
    clears: clears({ op, value: bound, clear }, value),
  };
}

/** People had to do with it. */
function isReal({ acknowledged, assignee, feedback }: Incident): boolean {
  return feedback === 'useful' || (feedback === undefined && (acknowledged !== undefined || assignee !== undefined));
}

function overlaps({ openedAt, resolvedAt = Infinity }: Incident, start: UnixMs, end: UnixMs): boolean {
  return openedAt <= end && resolvedAt >= start;
}
