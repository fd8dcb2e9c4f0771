import type { Labels } from '@tarsier/protocol';
import type { Rule } from '@tarsier/protocol/api';
import type { AlertSample } from '../groups/alert-rule-run.ts';
import type { AlertingRule } from '../groups/rule-group.ts';

/** A series as a rule sees it at a time. */
export interface SeenSample {
  readonly metric: string;
  /** Without the metric's name. */
  readonly labels: Labels;
  readonly value: number;
  /** One sentence: what was seen. */
  readonly reason: string;
  /** Whether the condition holds, and whether a firing alert is over: between the two it goes on as it is. */
  readonly holds: boolean;
  readonly clears: boolean;
}

/** A rule's patience and name, for the state machine that it shares with rules of files. */
export function asAlertingRule(rule: Pick<Rule, 'name' | 'forMs'> & { readonly keepFiringMs: number }): AlertingRule {
  const { name, forMs, keepFiringMs } = rule;
  return { kind: 'alert', alert: name, expr: '', forMs, keepFiringForMs: keepFiringMs, labels: {}, annotations: {} };
}

/** With what the rule says of its alerts. */
export function asSamples(
  { severity, runbookUrl, shadowUntil }: Pick<Rule, 'severity'> & Partial<Pick<Rule, 'runbookUrl' | 'shadowUntil'>>,
  seen: readonly SeenSample[],
): readonly AlertSample[] {
  const own = {
    ...(runbookUrl === undefined ? {} : { runbook_url: runbookUrl }),
    ...(shadowUntil === undefined ? {} : { tarsier_shadow_until: new Date(shadowUntil).toISOString() }),
  };
  return seen.map(({ reason, labels, ...sample }) => ({
    ...sample,
    labels: { ...labels, severity },
    annotations: { summary: reason, ...own },
  }));
}
