/** A rule over other rules: which of its groups of alerts fire together as it wants. Knows no database and no clock. */
import type { Labels, UnixMs } from '@tarsier/protocol';
import { conditionHolds, rulesOf, type CompositeRule } from '@tarsier/protocol/api';
import type { FiringAlert, FiringAlerts } from './firing-alerts.ts';
import { AlertRuleRun, keyOf } from './groups/alert-rule-run.ts';
import { asAlertingRule, asSamples, type SeenSample } from './periodic/seen.ts';
import { Watch, type OpenAlert, type RuleOutcome } from './watch.ts';

export class CompositeWatch extends Watch {
  readonly rule: CompositeRule;
  readonly #firing: Pick<FiringAlerts, 'of'>;
  readonly #run: AlertRuleRun;

  constructor(rule: CompositeRule, firing: Pick<FiringAlerts, 'of'>, outcome: RuleOutcome) {
    super();
    this.rule = rule;
    this.#firing = firing;
    this.#run = new AlertRuleRun(rule.id, asAlertingRule(rule), outcome);
  }

  get open(): readonly OpenAlert[] {
    return this.#run.open;
  }

  restore(alert: OpenAlert, now: UnixMs): void {
    this.#run.restore([alert], now);
  }

  endAll(now: UnixMs, why: string): void {
    this.#run.endAll(now, why);
  }

  tick(now: UnixMs): void {
    this.#run.evaluate(asSamples(this.rule, compose(this.rule, this.#firing)), now);
  }
}

/** The groups for which the condition holds, with what fires in each. */
export function compose(
  { id, condition, by }: Pick<CompositeRule, 'id' | 'condition' | 'by'>,
  firing: Pick<FiringAlerts, 'of'>,
): readonly SeenSample[] {
  const alerts = new Map(
    rulesOf(condition).map((rule) => [rule, firing.of(rule).filter(({ alert }) => alert.ruleId !== id)]),
  );
  const groups = new Map<string, Labels>();
  for (const { labels } of [...alerts.values()].flat()) {
    const group = groupOf(labels, by);
    if (group !== undefined) groups.set(keyOf(group), group);
  }
  return [...groups.values()].flatMap((group): SeenSample[] => {
    const ofGroup = (rule: string): readonly FiringAlert[] =>
      (alerts.get(rule) ?? []).filter(({ labels }) => countsFor(labels, by, group));
    if (!conditionHolds(condition, (rule) => ofGroup(rule).length > 0)) return [];
    const involved = [...alerts.keys()].flatMap(ofGroup);
    return [
      { metric: '', labels: group, value: involved.length, reason: describe(involved), holds: true, clears: false },
    ];
  });
}

/** The values of `by`; undefined where one is missing. */
function groupOf(labels: Labels, by: readonly string[]): Labels | undefined {
  if (by.some((name) => labels[name] === undefined)) return undefined;
  return Object.fromEntries(by.map((name) => [name, labels[name] ?? '']));
}

/** What has no such label, as an alert of the whole tenant has no host, counts for every value of it. */
function countsFor(labels: Labels, by: readonly string[], group: Labels): boolean {
  return by.every((name) => labels[name] === undefined || labels[name] === group[name]);
}

const mostNamed = 5;

function describe(involved: readonly FiringAlert[]): string {
  const [first, ...others] = new Set(involved.map(({ alert }) => alert.name));
  const names = [first ?? '', ...others];
  const shown = names.slice(0, mostNamed).join(' and ');
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  const reasons = involved.slice(0, mostNamed).map(({ alert }) => alert.reason);
  return `${shown}${more} ${names.length === 1 ? 'fires' : 'fire'}: ${reasons.join('; ')}`;
}
