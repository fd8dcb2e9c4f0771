import type { AnomalyContributor, AnomalyEvent } from '@tarsier/protocol';
import { seriesSignature } from '@tarsier/protocol/labels';

export interface Insight extends AnomalyContributor {
  readonly ongoing: boolean;
}

const mostShown = 8;

/** Series that moved in the events, each once: what lasts first, then the strongest. */
export function insightsOf(events: readonly AnomalyEvent[]): readonly Insight[] {
  const bySeries = new Map<string, Insight>();
  for (const { contributors, end } of events) {
    for (const contributor of contributors) {
      const key = seriesSignature({ name: contributor.metric, labels: contributor.labels });
      const insight = { ...contributor, ongoing: end === undefined };
      const before = bySeries.get(key);
      if (before === undefined || compare(insight, before) < 0) bySeries.set(key, insight);
    }
  }
  return [...bySeries.values()].toSorted(compare).slice(0, mostShown);
}

function compare(a: Insight, b: Insight): number {
  return Number(b.ongoing) - Number(a.ongoing) || b.strength - a.strength;
}
