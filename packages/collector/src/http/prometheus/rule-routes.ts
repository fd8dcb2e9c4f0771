import type { Alert } from '@tarsier/protocol';
import type { Rule } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import { formatValue } from '../../query/language/number.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';

/** `rules` and `alerts`: Tarsier's rules, as Prometheus would show them. */
export function ruleStateRoutes({ storage }: { readonly storage: Pick<Storage, 'rules' | 'alerts'> }): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/rules', async (c) => {
      const { tenant } = c.get('identity');
      if (c.req.query('type') === 'record') return c.json({ status: 'success', data: { groups: [] } });
      const open = Map.groupBy(await storage.alerts.open(tenant), ({ ruleId }) => ruleId);
      const rules = (await storage.rules.list(tenant))
        .filter(({ enabled }) => enabled)
        .map((rule) => toRule(rule, open.get(rule.id) ?? []));
      const group = { name: 'tarsier', file: 'tarsier', interval: 1, limit: 0, rules };
      return c.json({ status: 'success', data: { groups: rules.length === 0 ? [] : [group] } });
    })
    .get('/alerts', async (c) => {
      const alerts = await storage.alerts.open(c.get('identity').tenant);
      return c.json({ status: 'success', data: { alerts: alerts.map(toAlert) } });
    });
}

function toRule(rule: Rule, alerts: readonly Alert[]): object {
  const states = alerts.map(({ state }) => state.kind);
  return {
    type: 'alerting',
    name: rule.name,
    query: queryOf(rule),
    duration: rule.forMs / 1000,
    keepFiringFor: 0,
    labels: { severity: rule.severity },
    annotations: {},
    alerts: alerts.map(toAlert),
    health: 'ok',
    state: states.includes('firing') ? 'firing' : states.includes('pending') ? 'pending' : 'inactive',
  };
}

/** What the rule asks, as an expression; one on anomalies has none that Prometheus could evaluate. */
function queryOf(rule: Rule): string {
  if (rule.kind === 'anomaly') return rule.selector;
  return `${rule.reduce === 'rate' ? `rate(${rule.selector}[1m])` : rule.selector} ${rule.op} ${formatValue(rule.value)}`;
}

function toAlert({ name, severity, metric, labels, reason, state }: Alert): object {
  return {
    labels: { ...labels, alertname: name, severity, metric },
    annotations: { summary: reason },
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
