/** What people were told of a rule, what they said of it, and what they had to find out themselves. */
import type { UnixMs } from '@tarsier/protocol';
import type { LoggedIncident } from '../../../learn/tuning/judgements.ts';
import type { JobContext } from '../../job-type.ts';
import type { Tuned } from './target.ts';

export async function readHistory(
  { storage: { thresholds }, scope }: Pick<JobContext, 'storage' | 'scope'>,
  { target, ruleIds }: Pick<Tuned, 'target' | 'ruleIds'>,
  range: { readonly start: UnixMs; readonly end: UnixMs },
): Promise<readonly LoggedIncident[]> {
  const [told, missed] = await Promise.all([
    thresholds.toldOf(scope, ruleIds, range),
    thresholds.missedOf(scope, target.id, range),
  ]);
  const incidents = told.map(({ incident: { id, feedback, acknowledged, assignee }, from, to }): LoggedIncident => {
    // Who takes something on has found it useful, unless he says otherwise.
    const isTaken = acknowledged !== undefined || assignee !== undefined;
    return { id, from, to, verdict: feedback ?? (isTaken ? 'useful' : 'unjudged') };
  });
  const reported = missed.map(({ id, from, to }): LoggedIncident => ({ id, from, to, verdict: 'missed' }));
  return [...incidents, ...reported].toSorted((a, b) => a.from - b.from);
}
