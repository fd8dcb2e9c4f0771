import type { LabTrial, NewRuleInput, RuleLabRequest } from '@tarsier/protocol/api';
import { parseDuration } from '../../data/time-range.ts';

/** What the form holds, as text: what one types is not yet right. */
export interface RuleDraft {
  readonly name: string;
  readonly expr: string;
  readonly op: '>' | '<' | '>=' | '<=';
  readonly value: string;
  readonly hold: string;
  readonly severity: 'info' | 'warning' | 'critical' | 'page';
  /** Whether it tells nobody for a week. */
  readonly shadow: boolean;
}

/** How long a rule is on trial before it may tell anybody. */
const shadowMs = 7 * 86_400_000;

export const emptyDraft: RuleDraft = {
  name: '',
  expr: '',
  op: '>',
  value: '',
  hold: '1m',
  severity: 'warning',
  shadow: false,
};

/** Fields that are not right yet. */
export function faultsOf({ name, expr, value, hold }: RuleDraft): ReadonlySet<keyof RuleDraft> {
  const faults = new Set<keyof RuleDraft>();
  if (name.trim() === '') faults.add('name');
  if (expr.trim() === '') faults.add('expr');
  if (value.trim() === '' || !Number.isFinite(Number(value))) faults.add('value');
  if (hold.trim() !== '0' && parseDuration(hold) === undefined) faults.add('hold');
  return faults;
}

export function ruleOf({ name, expr, op, value, hold, severity, shadow }: RuleDraft, now: number): NewRuleInput {
  return {
    kind: 'expression',
    name: name.trim(),
    severity,
    expr: `(${expr}) ${op} ${Number(value)}`,
    forMs: parseDuration(hold) ?? 0,
    everyMs: 15_000,
    ...(shadow ? { shadowUntil: now + shadowMs } : {}),
  };
}

/** Places of the slider, in tenths of the wished bound. */
const steps = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5];

/** Bounds to try beside the wished one: what would be told if it were a little lower or higher. */
export function trialOf(draft: RuleDraft, end: number, pastMs: number): RuleLabRequest {
  const value = Number(draft.value);
  const apart = Math.abs(value) * 0.1 || 0.1;
  return {
    rule: {
      kind: 'threshold',
      name: draft.name.trim() || 'Trial',
      severity: draft.severity,
      forMs: parseDuration(draft.hold) ?? 0,
      keepFiringMs: 0,
      expr: draft.expr,
      op: draft.op,
      values: steps.map((step) => Number((value + step * apart).toPrecision(6))),
      clearBy: 0,
    },
    start: end - pastMs,
    end,
    stepMs: Math.max(15_000, Math.ceil(pastMs / 10_000 / 1000) * 1000),
  };
}

/** Which of the trials is the wished bound. */
export function isWished({ value }: LabTrial, draft: RuleDraft): boolean {
  return value === Number(Number(draft.value).toPrecision(6));
}
