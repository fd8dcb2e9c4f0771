import type { Alert } from '@tarsier/protocol';
import type { Rule, RuleEvaluation } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { RuleState } from '../../alert/groups/group-run.ts';
import { fileRulePrefix } from '../../alert/groups/rule-group.ts';
import type { GroupState } from '../../alert/groups/rule-groups.ts';
import type { RuleBoards } from '../../alert/rule-boards.ts';
import { formatValue } from '../../query/language/number.ts';
import { parseQuery } from '../../query/language/parse.ts';
import { printQuery } from '../../query/language/print.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { invalid, Parameters } from './parameters.ts';

interface Group {
  readonly name: string;
  readonly file: string;
  readonly rules: readonly { readonly type: 'alerting' | 'recording'; readonly name: string }[];
}

/** `rules` and `alerts`: the groups of rule files, and Tarsier's own rules as Prometheus would show them. */
export function ruleStateRoutes({
  storage,
  boards,
}: {
  readonly storage: Pick<Storage, 'rules' | 'alerts'>;
  readonly boards: Pick<RuleBoards, 'of'>;
}): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/rules', async (c) => {
      const { tenant } = c.get('identity');
      const parameters = await Parameters.of(c);
      const board = await boards.of(tenant);
      const open = Map.groupBy(await storage.alerts.open(tenant), ({ ruleId }) => ruleId);
      const rules = (await storage.rules.list(tenant))
        .filter(({ enabled }) => enabled)
        .map((rule) => toRule(rule, open.get(rule.id) ?? [], board.evaluations[rule.id]));
      const own = { name: 'tarsier', file: 'tarsier', interval: 1, limit: 0, rules };
      const groups = [own, ...board.groups.map(toGroup)];
      return c.json({ status: 'success', data: { groups: chosen(groups, parameters) } });
    })
    .get('/alerts', async (c) => {
      const alerts = await storage.alerts.open(c.get('identity').tenant);
      return c.json({ status: 'success', data: { alerts: alerts.map(toAlert) } });
    });
}

/** Rules that the parameters ask for; groups without any are left out. */
function chosen<T extends Group>(groups: readonly T[], parameters: Parameters): readonly T[] {
  const type = parameters.text('type');
  if (!['', 'alert', 'record'].includes(type)) throw invalid('type', `not supported value ${JSON.stringify(type)}`);
  const [names, groupNames, files] = ['rule_name[]', 'rule_group[]', 'file[]'].map((name) => parameters.all(name));
  const among = (wanted: readonly string[] | undefined, name: string): boolean =>
    wanted === undefined || wanted.length === 0 || wanted.includes(name);
  return groups
    .filter(({ name, file }) => among(groupNames, name) && among(files, file))
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) => among(names, rule.name) && (type === '' || rule.type.startsWith(type))),
    }))
    .filter(({ rules }) => rules.length > 0);
}

function toGroup({ file, group, rules, evaluatedAt, evaluationMs, missed }: GroupState) {
  return {
    name: group.name,
    file,
    interval: group.intervalMs / 1000,
    limit: group.limit,
    evaluationTime: evaluationMs / 1000,
    lastEvaluation: new Date(evaluatedAt).toISOString(),
    // Beyond what Prometheus says.
    missedEvaluations: missed,
    rules: rules.map(toFileRule),
  };
}

function toFileRule({ rule, alerts, health, lastError, evaluatedAt, evaluationMs }: RuleState) {
  const common = {
    query: printQuery(parseQuery(rule.expr)),
    labels: rule.labels,
    health,
    ...(lastError === '' ? {} : { lastError }),
    evaluationTime: evaluationMs / 1000,
    lastEvaluation: new Date(evaluatedAt).toISOString(),
  };
  if (rule.kind === 'record') return { type: 'recording' as const, name: rule.record, ...common };
  return {
    type: 'alerting' as const,
    name: rule.alert,
    ...common,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    annotations: rule.annotations,
    alerts: alerts.map(toAlert),
    state: stateOf(alerts),
  };
}

function toRule(rule: Rule, alerts: readonly Alert[], evaluation: RuleEvaluation | undefined) {
  return {
    type: 'alerting' as const,
    name: rule.name,
    query: queryOf(rule),
    duration: rule.forMs / 1000,
    keepFiringFor: 'keepFiringMs' in rule ? rule.keepFiringMs / 1000 : 0,
    labels: { severity: rule.severity },
    annotations: rule.runbookUrl === undefined ? {} : { runbook_url: rule.runbookUrl },
    alerts: alerts.map(toAlert),
    ...healthOf(evaluation),
    state: stateOf(alerts),
  };
}

function stateOf(alerts: readonly Alert[]): string {
  const states = alerts.map(({ state }) => state.kind);
  return states.includes('firing') ? 'firing' : states.includes('pending') ? 'pending' : 'inactive';
}

/** A rule that each sample decides on is always well. */
function healthOf(evaluation: RuleEvaluation | undefined) {
  if (evaluation === undefined) return { health: 'ok' };
  const { health, lastError, evaluatedAt = 0, evaluationMs } = evaluation;
  return {
    health,
    ...(lastError === '' ? {} : { lastError }),
    evaluationTime: evaluationMs / 1000,
    lastEvaluation: new Date(evaluatedAt).toISOString(),
  };
}

/** What the rule asks, as an expression; one on anomalies or silence has none that Prometheus could evaluate. */
function queryOf(rule: Rule): string {
  if (rule.kind === 'expression') return rule.expr;
  if (rule.kind === 'composite') return JSON.stringify(rule.condition);
  if (rule.kind === 'forecast') return `${rule.selector} ${rule.op} ${formatValue(rule.limit)}`;
  if (rule.kind !== 'threshold') return rule.selector;
  return `${rule.reduce === 'rate' ? `rate(${rule.selector}[1m])` : rule.selector} ${rule.op} ${formatValue(rule.value)}`;
}

function toAlert({ ruleId, name, severity, metric, labels, annotations, reason, state }: Alert): object {
  // Of a rule file: exactly what Prometheus would show.
  const isOfFile = ruleId.startsWith(fileRulePrefix);
  return {
    labels: { ...(isOfFile ? {} : { severity, metric }), ...labels, alertname: name },
    annotations: isOfFile ? annotations : { summary: reason, ...annotations },
    state: state.kind,
    activeAt: new Date(state.since).toISOString(),
    value: goExponent(state.value),
  };
}

/** As Go's `%e`: `1e+00`. */
function goExponent(value: number): string {
  if (!Number.isFinite(value)) return formatValue(value);
  return value.toExponential().replace(/e([+-])(\d)$/u, 'e$10$2');
}
