import { seriesSignature, type SeriesColumn } from '@tarsier/protocol';
import type { RankedCause, RootCause } from '@tarsier/protocol/api';
import { z } from 'zod';
import { createIncidentView } from '../../../alert/incident/incident-view.ts';
import { changeOf, type ChangeWindow } from '../../../alert/incident/rank-changes.ts';
import { changeChance, holm, meanShift, rankConfidence } from '../../../learn/ranking/significance.ts';
import { silentLog } from '../../../log.ts';
import { formatNumber } from '../../../stats/format.ts';
import { hourMs } from '../../../storage/hours.ts';
import { defineJobType } from '../../job-type.ts';

/** Series whose ranks are tried again: those further down are among the first by no chance. */
const mostTried = 30;
const first = 3;
const plainFirst = 5;
/** Steps at which the change may be: from five minutes before to two after, by ten seconds. */
const splits = 43;
const mostEvents = 20;
/** More likely than that by chance, a change is named as uncertain. */
const significant = 0.05;

interface Compared {
  readonly metric: string;
  readonly steps: SeriesColumn;
  readonly changedAt: number;
}

export const rootCauseAnalyse = defineJobType({
  name: 'rootcause.analyse',
  summary: 'Ranks which series of an incident’s hosts changed when it began, with how sure each is.',
  payload: z.strictObject({
    incident: z.string().min(1).max(200),
    limit: z.int().min(1).max(100).default(20),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(1),
  }),
  runs: 'thread',
  estimateMs: () => 1_500,
  async run({ incident, limit, seed }, context): Promise<RootCause> {
    const { storage, query, engine, scope, now, progress, signal } = context;
    const view = createIncidentView({
      storage,
      query,
      engine,
      // Alerts of rule files are seen in their own series: files are evaluated elsewhere.
      boards: { of: () => Promise.resolve({ evaluations: {}, groups: [] }) },
      pageUrl: undefined,
      log: silentLog,
      now: () => now,
    });
    const changed = new Map<string, Compared>();
    const shifts = new Map<string, number>();
    let window: ChangeWindow = { from: now, start: now, end: now };
    const found = await view.changes(scope, incident, mostTried, (series, steps, compared, change) => {
      window = compared;
      const at = steps.times.findIndex((time) => time >= compared.start);
      if (at > 1) shifts.set(series.name, Math.max(shifts.get(series.name) ?? 0, meanShift(steps.values, at)));
      if (change !== undefined) {
        changed.set(seriesSignature(series), { metric: series.name, steps, changedAt: change.changedAt });
      }
    });
    progress({ ratio: 0.5, message: `${found.seriesCompared} series compared` });
    signal.throwIfAborted();
    const kept = found.changes.flatMap((change) => {
      const compared = changed.get(seriesSignature({ name: change.metric, labels: change.labels }));
      return compared === undefined ? [] : [{ change, compared }];
    });
    const splitOf = ({ steps, changedAt }: Compared): number => steps.times.findIndex((time) => time >= changedAt);
    const chances = holm(
      kept.map(({ change, compared }) =>
        changeChance(compared.steps.values, { before: splitOf(compared), correlation: change.correlation, splits }),
      ),
      Math.max(found.seriesCompared, kept.length),
    );
    const confidence = rankConfidence(
      kept.map(({ compared }) => compared.steps),
      kept.map(({ compared }) => splitOf(compared)),
      (column) => changeOf(column, window)?.score ?? 0,
      first,
      seed,
    );
    const plain = [...shifts].toSorted(([, a], [, b]) => b - a).map(([metric]) => metric);
    const causes = kept.map(({ change }, at): RankedCause => {
      const place = plain.indexOf(change.metric);
      return {
        rank: at + 1,
        ...change,
        confidence: confidence[at] ?? 0,
        pValue: chances[at] ?? 1,
        leadMs: found.start - change.changedAt,
        ...(place === -1 ? {} : { baselineRank: place + 1 }),
      };
    });
    const events = await storage.changeEvents.list(scope, {
      start: found.start - hourMs,
      end: found.range.end,
      hosts: found.hosts,
      limit: mostEvents,
    });
    const ours = new Set(causes.slice(0, plainFirst).map(({ metric }) => metric));
    const theirs = plain.slice(0, plainFirst);
    return {
      kind: 'rootcause.analyse',
      version: 1,
      method:
        'Rank-biserial correlation of before and after with each series, at the split that a step fits best, less a drift that was there before, times how far it moved in robust spreads; chances by Mann and Whitney, corrected for alike neighbours, for the places tried and for all series (Holm); ranks drawn again in blocks.',
      sources: [
        'Cureton 1956, doi:10.1007/BF02289138',
        'Mann & Whitney 1947, doi:10.1214/aoms/1177730491',
        'Holm 1979, Scandinavian Journal of Statistics 6(2)',
      ],
      incident,
      hosts: [...found.hosts],
      hostsLeftOut: found.hostsLeftOut,
      start: found.start,
      window: { from: found.range.start, to: found.range.end },
      seriesCompared: found.seriesCompared,
      causes: causes.slice(0, limit),
      events: events.map(({ at, kind, title, host }) => ({ at, kind, title, ...(host === '' ? {} : { host }) })),
      baseline: {
        name: 'mean shift in standard deviations',
        agreement: theirs.length === 0 ? 0 : theirs.filter((metric) => ours.has(metric)).length / theirs.length,
      },
      explanation: explain(causes, found.seriesCompared),
    };
  },
});

function explain(causes: readonly RankedCause[], compared: number): string {
  // What the incident is about is known: the cause is what changed besides, and before.
  const [cause] = causes.filter(({ isAlert }) => !isAlert).toSorted((a, b) => b.score - a.score);
  if (cause === undefined) {
    return `Of ${compared} series none changed when it began but those that it is about.`;
  }
  const { metric, before, after, leadMs, confidence, pValue } = cause;
  const when =
    leadMs === 0 ? 'with it' : `${formatNumber(Math.abs(leadMs) / 1000)} s ${leadMs > 0 ? 'before' : 'after'} it`;
  const sure = pValue < significant ? '' : '; that may be chance';
  return `Of ${compared} series ${metric} changed most, ${when}: from ${formatNumber(before)} to ${formatNumber(after)}; it is among the first three in ${Math.round(100 * confidence)} % of resamples${sure}.`;
}
