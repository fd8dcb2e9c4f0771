/** Rules of Tarsier's own as a rule file of Prometheus, as far as PromQL can say them. */
import type { Rule } from '@tarsier/protocol/api';
import { stringify } from 'yaml';
import { formatDuration } from '../../query/language/duration.ts';
import { formatValue } from '../../query/language/number.ts';
import { quote } from '../../query/language/text.ts';

/** How often rules are looked at that here each sample decides on. */
const sampleIntervalMs = 15_000;
const minuteMs = 60_000;
/** A host that has sent something within it is waited for. */
const knownForMs = 86_400_000;

interface Exported {
  readonly intervalMs: number;
  readonly expr: string;
  /** What people read first, with the value. */
  readonly summary: string;
  readonly forMs: number;
  readonly keepFiringMs: number;
}

/** @returns YAML; rules that are off are not in it, and those that PromQL has no words for are named at its head */
export function exportRules(rules: readonly Rule[]): string {
  const byInterval = new Map<number, object[]>();
  const leftOut: string[] = [];
  for (const rule of rules.filter(({ enabled }) => enabled)) {
    const exported = exportedOf(rule);
    if (exported === undefined) {
      leftOut.push(`# Not in here, for PromQL has no words for it: ${JSON.stringify(rule.name)} (${rule.kind}).\n`);
      continue;
    }
    const { intervalMs } = exported;
    byInterval.set(intervalMs, [...(byInterval.get(intervalMs) ?? []), yamlOf(rule, exported)]);
  }
  const groups = Array.from(byInterval, ([intervalMs, of]) => {
    const interval = formatDuration(intervalMs);
    return { name: `tarsier-${interval}`, interval, rules: of };
  });
  return `${leftOut.join('')}${stringify({ groups }, { lineWidth: 0 })}`;
}

function yamlOf({ name, severity, runbookUrl, shadowUntil }: Rule, { expr, summary, forMs, keepFiringMs }: Exported) {
  return {
    alert: name,
    expr,
    ...(forMs === 0 ? {} : { for: formatDuration(forMs) }),
    ...(keepFiringMs === 0 ? {} : { keep_firing_for: formatDuration(keepFiringMs) }),
    labels: { severity },
    annotations: {
      summary,
      ...(runbookUrl === undefined ? {} : { runbook_url: literal(runbookUrl) }),
      ...(shadowUntil === undefined ? {} : { tarsier_shadow_until: new Date(shadowUntil).toISOString() }),
    },
  };
}

function exportedOf(rule: Rule): Exported | undefined {
  switch (rule.kind) {
    case 'threshold': {
      const { selector, op, value, clear, reduce, forMs, keepFiringMs } = rule;
      const of = reduce === 'rate' ? `rate(${selector}[1m])` : selector;
      const beyond = (bound: number): string => `${of} ${op} ${formatValue(bound)}`;
      const expr = clear === undefined ? beyond(value) : untilCleared(rule, beyond(value), beyond(clear));
      const summary = `${literal(of)} is {{ $value | humanize }}; the bound: ${op} ${formatValue(value)}`;
      return { intervalMs: sampleIntervalMs, expr, summary, forMs, keepFiringMs };
    }
    case 'expression': {
      const { name, expr, clearExpr, everyMs, forMs, keepFiringMs } = rule;
      return {
        // It asks for its own alerts, which a query sees for less than five minutes.
        intervalMs: clearExpr === undefined ? everyMs : Math.min(everyMs, minuteMs),
        expr: clearExpr === undefined ? expr : untilCleared(rule, `(${expr})`, `(${clearExpr})`),
        summary: `${literal(name)}: {{ $value | humanize }}`,
        forMs,
        keepFiringMs,
      };
    }
    case 'no-data': {
      const { selector, of, forMs, forgetMs } = rule;
      const within = (ms: number): string => {
        const present = `present_over_time(${selector}[${formatDuration(ms)}])`;
        return of === 'host' ? `group by (host) (${present})` : present;
      };
      return {
        intervalMs: sampleIntervalMs,
        expr: `${within(of === 'host' ? knownForMs : forgetMs)} unless ${within(forMs)}`,
        summary: `nothing has come of {{ $labels.host }} for ${formatDuration(forMs)}`,
        // It is in the expression.
        forMs: 0,
        keepFiringMs: 0,
      };
    }
    case 'forecast': {
      const { selector, op, limit, horizonMs, stepMs = horizonMs / 60, everyMs, forMs, keepFiringMs } = rule;
      const { historyMs = Math.max(4 * horizonMs, 120 * stepMs) } = rule;
      const past = `(${selector})[${formatDuration(historyMs)}:${formatDuration(Math.ceil(stepMs / 1000) * 1000)}]`;
      return {
        intervalMs: everyMs,
        // A straight line through the past, without a chance: the nearest that PromQL has.
        expr: `predict_linear(${past}, ${horizonMs / 1000}) ${op} ${formatValue(limit)}`,
        summary: `${literal(selector)} will be {{ $value | humanize }} in ${formatDuration(horizonMs)}`,
        forMs,
        keepFiringMs,
      };
    }
    case 'anomaly':
    case 'composite':
      return undefined;
  }
}

/** Hysteresis: what fires goes on until it is on the calm side of the second bound. */
function untilCleared({ name }: Rule, begins: string, lasts: string): string {
  const firing = `ALERTS{alertname=${quote(name)}, alertstate="firing"}`;
  return `${begins} or ${lasts} and ignoring (alertname, alertstate, severity) ${firing}`;
}

/** So that no template is seen in it. */
function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}
