import type { LabTrial, NewRule, NewRuleInput, RuleLabRequest } from '@tarsier/protocol/api';
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
export const shadowMs = 7 * 86_400_000;

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

/** The past that a rule is tried on, at most some 10,000 times. */
function past(end: number, pastMs: number): Pick<RuleLabRequest, 'start' | 'end' | 'stepMs'> {
  return { start: end - pastMs, end, stepMs: Math.max(15_000, Math.ceil(pastMs / 10_000 / 1000) * 1000) };
}

/** Bounds to try beside the wished one: what would be told if it were a little lower or higher. */
export function trialOf(draft: RuleDraft, end: number, pastMs: number): RuleLabRequest {
  return {
    rule: {
      kind: 'threshold',
      name: draft.name.trim() || 'Trial',
      severity: draft.severity,
      forMs: parseDuration(draft.hold) ?? 0,
      keepFiringMs: 0,
      expr: draft.expr,
      op: draft.op,
      values: around(Number(draft.value)),
      clearBy: 0,
    },
    ...past(end, pastMs),
  };
}

function around(value: number): number[] {
  const apart = Math.abs(value) * 0.1 || 0.1;
  return steps.map((step) => Number((value + step * apart).toPrecision(6)));
}

/** So many times a forecast is looked at over the past. */
const mostLooks = 400;

/** A rule as it is, beside others whose bound is a little lower or higher where it has one. */
export function trialOfRule(rule: NewRule, end: number, pastMs: number): RuleLabRequest {
  const { name, severity, forMs } = rule;
  const common = { name, severity, forMs, keepFiringMs: 'keepFiringMs' in rule ? rule.keepFiringMs : 0 };
  const tried = (): RuleLabRequest['rule'] => {
    switch (rule.kind) {
      case 'threshold': {
        const { selector, reduce, op, value, clear = value } = rule;
        const expr = reduce === 'rate' ? `rate(${selector}[1m])` : selector;
        return { kind: rule.kind, ...common, expr, op, values: around(value), clearBy: Math.abs(value - clear) };
      }
      case 'expression': {
        const { kind, expr, clearExpr } = rule;
        return { kind, ...common, expr, ...(clearExpr === undefined ? {} : { clearExpr }) };
      }
      case 'anomaly': {
        const { kind, selector, detector, minScore } = rule;
        const only = detector === undefined ? {} : { detector };
        return { kind, ...common, selector, values: around(minScore), ...only };
      }
      case 'no-data': {
        const { kind, selector, of } = rule;
        return { kind, ...common, selector, of };
      }
      case 'forecast': {
        const { kind, selector, op, limit, horizonMs, historyMs, confidence, clearConfidence, everyMs } = rule;
        return {
          ...{ kind, ...common, selector, op, values: around(limit), horizonMs, confidence },
          everyMs: Math.max(everyMs, Math.ceil(pastMs / mostLooks)),
          ...(historyMs === undefined ? {} : { historyMs }),
          ...(clearConfidence === undefined ? {} : { clearConfidence }),
        };
      }
      case 'composite': {
        const { kind, condition, by } = rule;
        return { kind, ...common, condition, by };
      }
    }
  };
  return { rule: tried(), ...past(end, pastMs) };
}

/** The bound that a slider moves, of a rule that has one. */
export function boundOf(rule: NewRule): number | undefined {
  switch (rule.kind) {
    case 'threshold':
      return rule.value;
    case 'anomaly':
      return rule.minScore;
    case 'forecast':
      return rule.limit;
    case 'expression':
    case 'no-data':
    case 'composite':
      return undefined;
  }
}

/** Whether a trial is that of a bound; of none when the rule has none. */
export function isBound({ value }: LabTrial, bound: number | undefined): boolean {
  return value === (bound && Number(bound.toPrecision(6)));
}
