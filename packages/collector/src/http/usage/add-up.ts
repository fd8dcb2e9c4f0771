/** Facts to amounts by day, host, agent, model or type of job. */
import type { AnalyticsKey } from '@tarsier/protocol/api';
import { dayMs, dayText } from '../../storage/hours.ts';
import { kindOf, type Fact } from './read-facts.ts';

/** By name, whole as in the facts. */
export type Amounts = ReadonlyMap<string, number>;

/** What jobs and queries took, and what jobs and models cost, together. */
const together: Readonly<Record<string, string>> = {
  query_cpu_ms: 'cpu_ms',
  job_cpu_ms: 'cpu_ms',
  job_cost: 'cost',
  model_cost: 'cost',
};

export function addUp(
  facts: readonly Fact[],
  by: AnalyticsKey,
): { readonly totals: Amounts; readonly rows: readonly { readonly key: string; readonly amounts: Amounts }[] } {
  const all = facts.flatMap((fact) => {
    const what = together[fact.what];
    return what === undefined ? [fact] : [fact, { ...fact, what }];
  });
  const groups = Map.groupBy(all, (fact) => (by === 'day' ? dayText(fact.day * dayMs) : fact[by]));
  groups.delete('');
  return {
    totals: amountsOf(all),
    rows: Array.from(groups, ([key, some]) => ({ key, amounts: amountsOf(some) })).toSorted((a, b) =>
      a.key < b.key ? -1 : 1,
    ),
  };
}

function amountsOf(facts: readonly Fact[]): Amounts {
  const byName = Map.groupBy(facts, ({ what }) => what);
  return new Map(
    Array.from(byName, ([what, some]): [string, number] => {
      if (kindOf(what).isPeak !== true) return [what, sum(some)];
      // Of all hosts together on a day; days are not added up.
      const days = Map.groupBy(some, ({ day }) => day);
      return [what, Math.max(...Array.from(days.values(), sum))];
    }).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function sum(facts: readonly Fact[]): number {
  return facts.reduce((total, { amount }) => total + amount, 0);
}
