import { newRuleSchema, type NewRule, type NewRuleInput } from '@tarsier/protocol/api';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import { runbookName } from './runbook-name.ts';

const minute = 60_000;
const hour = 60 * minute;
const dayS = 86_400;

const spentIn24h = 'sum by (agent) (increase(llm_cost_usd_total[1d]))';
const budget = 'max by (agent) (llm_daily_budget_usd)';
const spentInHour = 'sum by (agent) (increase(llm_cost_usd_total[1h]))';
const usualInHour = 'sum by (agent) (increase(llm_cost_usd_total[1d] offset 1h)) / 24';

const hosts: readonly NewRuleInput[] = [
  {
    kind: 'threshold',
    name: 'CPU busy',
    selector: 'cpu_busy_ratio{cpu="all"}',
    op: '>',
    value: 0.95,
    forMs: 5 * minute,
  },
  {
    kind: 'threshold',
    name: 'Memory nearly full',
    severity: 'critical',
    selector: 'memory_used_ratio',
    op: '>',
    value: 0.95,
    forMs: minute,
  },
  { kind: 'threshold', name: 'Disk filling', selector: 'disk_used_ratio', op: '>', value: 0.9, forMs: minute },
  {
    kind: 'threshold',
    name: 'Disk nearly full',
    severity: 'critical',
    selector: 'disk_used_ratio',
    op: '>',
    value: 0.97,
    forMs: minute,
  },
  {
    kind: 'forecast',
    name: 'Disk will be full',
    selector: 'disk_used_ratio',
    op: '>',
    limit: 0.98,
    horizonMs: 6 * hour,
    confidence: 0.95,
    clearConfidence: 0.5,
    everyMs: 15 * minute,
    forMs: 15 * minute,
  },
  {
    kind: 'threshold',
    name: 'Inodes nearly used up',
    selector: 'disk_inodes_used_ratio',
    op: '>',
    value: 0.9,
    forMs: minute,
  },
  {
    kind: 'no-data',
    name: 'Host down',
    // Of agents: what others send may come now and then. One that samples each minute must not be late at once.
    selector: 'cpu_busy_ratio{cpu="all"}',
    forMs: 2 * minute,
  },
  { kind: 'anomaly', name: 'Unusual CPU load', severity: 'info', selector: 'cpu_busy_ratio{cpu="all"}', minScore: 6 },
];

const services: readonly NewRuleInput[] = [
  { kind: 'threshold', name: 'Service failed', selector: 'systemd_unit_failed', op: '>=', value: 1, forMs: minute },
  {
    kind: 'threshold',
    name: 'Check fails',
    severity: 'critical',
    selector: 'http_check_up',
    op: '<',
    value: 1,
    forMs: 2 * minute,
  },
  {
    kind: 'threshold',
    name: 'Certificate expires in two weeks',
    selector: 'http_check_certificate_remaining_seconds',
    op: '<',
    value: 14 * dayS,
  },
  {
    kind: 'threshold',
    name: 'Certificate expires in two days',
    severity: 'critical',
    selector: 'http_check_certificate_remaining_seconds',
    op: '<',
    value: 2 * dayS,
  },
  {
    kind: 'threshold',
    name: 'API requests fail',
    selector: 'api_error_ratio',
    op: '>',
    value: 0.1,
    clear: 0.05,
    forMs: 5 * minute,
  },
];

const agents: readonly NewRuleInput[] = [
  {
    kind: 'threshold',
    name: 'Model calls fail',
    selector: 'llm_error_ratio',
    op: '>',
    value: 0.2,
    clear: 0.1,
    forMs: 5 * minute,
  },
  {
    kind: 'expression',
    name: 'Agent fails',
    // Of all its models and tools together, and not of a few calls.
    expr: agentErrors('0.3'),
    clearExpr: agentErrors('0.15'),
    forMs: 5 * minute,
  },
  {
    kind: 'expression',
    name: 'Agent over its budget',
    severity: 'critical',
    expr: `${spentIn24h} > on (agent) ${budget}`,
    clearExpr: `${spentIn24h} > on (agent) 0.9 * ${budget}`,
    everyMs: minute,
  },
  {
    kind: 'forecast',
    name: 'Agent will be over its budget',
    selector: `${spentIn24h} / on (agent) ${budget}`,
    op: '>',
    limit: 1,
    horizonMs: 4 * hour,
    confidence: 0.9,
    clearConfidence: 0.5,
    everyMs: 10 * minute,
    forMs: 10 * minute,
  },
  {
    kind: 'expression',
    name: 'Agent spends unusually much',
    expr: `${spentInHour} > 1 and ${spentInHour} > 5 * ${usualInHour}`,
    clearExpr: `${spentInHour} > 1 and ${spentInHour} > 3 * ${usualInHour}`,
    everyMs: 5 * minute,
  },
  {
    kind: 'expression',
    name: 'Tokens without a price',
    severity: 'info',
    expr: 'sum by (provider, model) (increase(llm_unpriced_tokens_total[1h])) > 0',
    everyMs: 5 * minute,
  },
];

function agentErrors(share: string): string {
  const rate = (metric: string): string => `sum by (agent) (rate(${metric}{agent!=""}[10m]))`;
  return `${rate('llm_errors_total')} / ${rate('llm_calls_total')} > ${share} and ${rate('llm_calls_total')} > 10 / 600`;
}

/** What nearly everybody wants to be told of, and what is healthy never says. runbooks.md has a page for each. */
export const defaultRules: readonly NewRule[] = [...hosts, ...services, ...agents].map((rule) =>
  newRuleSchema.parse({ ...rule, runbookUrl: `/runbooks/${runbookName(rule.name)}` }),
);

/** Gives a tenant that has no rules the default ones; one who deleted some keeps it so. */
export async function ensureDefaultRules(storage: Pick<Storage, 'rules'>, scope: TenantScope): Promise<void> {
  if ((await storage.rules.list(scope)).length > 0) return;
  for (const rule of defaultRules) await storage.rules.create(scope, rule);
}
