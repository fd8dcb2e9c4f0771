/** What rules over anomalies, and over other rules, saw: what was found and kept. */
import type { Alert, Anomaly } from '@tarsier/protocol';
import type { LabRule } from '@tarsier/protocol/api';
import { parseSelector } from '../../query/language/parse.ts';
import { compileMatchers } from '../../query/selector.ts';
import { compose } from '../composite-watch.ts';
import { FiringAlerts } from '../firing-alerts.ts';
import { asSamples } from '../periodic/seen.ts';
import type { Source } from './trial.ts';

type FoundRule<Kind extends LabRule['kind']> = Extract<LabRule, { kind: Kind }>;

/** An anomaly counts from its peak on, when its score was known, to its end. */
export function anomalySource(rule: FoundRule<'anomaly'>, minScore: number, found: readonly Anomaly[]): Source {
  const matches = compileMatchers(parseSelector(rule.selector));
  const strong = found.filter(
    ({ metric, labels, peakScore, detector }) =>
      peakScore >= minScore && detector === (rule.detector ?? detector) && matches({ name: metric, labels }),
  );
  return (time) => {
    const lasting = strong.filter(({ peakAt, end = Infinity }) => peakAt <= time && time < end);
    // Several detectors may have found the same.
    const bySeries = Map.groupBy(lasting, ({ metric, labels }) => JSON.stringify([metric, labels]));
    return Array.from(bySeries.values(), ([first]) => first).flatMap((anomaly) =>
      anomaly === undefined
        ? []
        : asSamples(rule, [
            {
              metric: anomaly.metric,
              labels: { ...anomaly.labels, metric: anomaly.metric },
              value: anomaly.peakScore,
              reason: anomaly.reason,
              holds: true,
              clears: false,
            },
          ]),
    );
  };
}

export function compositeSource(rule: FoundRule<'composite'>, alerts: readonly Alert[]): Source {
  return (time) => {
    const firing = new FiringAlerts();
    for (const alert of alerts) {
      const { state } = alert;
      const isOver = state.kind === 'resolved' && state.resolvedAt <= time;
      if (state.kind === 'pending' || state.since > time || isOver) continue;
      firing.note({ ...alert, state: { kind: 'firing', since: state.since, value: state.value } });
    }
    return asSamples(rule, compose({ ...rule, id: 'lab' }, firing));
  };
}
