/** Events of a host as people and programs get them. */
import type { AnomalyEvent } from '@tarsier/protocol';
import { formatterOf, formatTime } from '../../stats/format.ts';
import type { StoredSamples } from '../../stored-samples.ts';
import { commonLabels } from './anomaly-rates.ts';
import { strongest, type Contributor, type HostEvent } from './event-watch.ts';

/** Contributors that are kept of an event. */
const mostContributors = 10;
/** Larger says nothing more. */
const largestScore = 1_000;

/** Its id follows from what it is, so that finding it again after a restart does not store it twice. */
export function eventOf(
  schema: StoredSamples['schema'],
  event: HostEvent,
  {
    sigmas,
    judged,
    pageSurprise,
    firing,
  }: {
    readonly sigmas: number;
    readonly judged: number;
    readonly pageSurprise: number;
    /** Which detectors besides see a series as unusual, by its number. */
    readonly firing: (seriesId: number) => readonly string[];
  },
): AnomalyEvent {
  const { scope, host, hostId } = schema;
  const labels = (event.labels ??= commonLabels(schema));
  const { start, end, peakAt, peakSurprise, peakRatio, isFamiliar, feedbackOffset } = event;
  const ranked = strongest(event);
  const detectorsOf = ({ series }: Contributor): string[] => ['zscore', ...firing(series.seriesId)];
  return {
    id: `${scope.tenantId.toString(36)}-${hostId.toString(36)}-e-${start.toString(36)}`,
    host,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    start,
    ...(end === undefined ? {} : { end }),
    peakAt,
    peakSurprise: Number(peakSurprise.toFixed(2)),
    ...(isFamiliar && peakSurprise >= pageSurprise + feedbackOffset ? { page: true } : {}),
    ...(feedbackOffset === 0 ? {} : { feedbackOffset }),
    peakRatio: Number(peakRatio.toFixed(4)),
    detectors: [...new Set(['zscore', ...ranked.flatMap(detectorsOf)])],
    seriesCount: ranked.length,
    contributors: ranked.slice(0, mostContributors).map((contributor) => ({
      metric: contributor.series.metric,
      labels: contributor.series.labels,
      detectors: detectorsOf(contributor),
      since: contributor.evidence.since,
      strength: Number(contributor.evidence.strength.toFixed(2)),
      peakScore: Number(Math.min(contributor.evidence.peakScore, largestScore).toFixed(1)),
      peakAt: contributor.evidence.peakAt,
      value: contributor.evidence.value,
      expected: contributor.evidence.expected,
      low: contributor.evidence.expected - sigmas * contributor.evidence.sigma,
      high: contributor.evidence.expected + sigmas * contributor.evidence.sigma,
    })),
    reason: `${reasonOf(host, event, ranked, judged)} since ${formatTime(start)}`,
  };
}

function reasonOf(host: string, { peakAt }: HostEvent, ranked: readonly Contributor[], judged: number): string {
  const [first] = ranked;
  const many = `${ranked.length} of ${judged} series of ${host}`;
  if (first === undefined) return `${many} unlike their past at ${formatTime(peakAt)}`;
  const { series, evidence } = first;
  const unit = series.isCounter ? ' per second' : '';
  const format = formatterOf(series.metric);
  return (
    `${many} unlike their past, most of all ${series.isCounter ? 'rate of ' : ''}${series.signature}: ` +
    `${format(evidence.value)}${unit} at ${formatTime(evidence.peakAt)}, ` +
    `where ${format(evidence.expected)} ± ${format(Number(evidence.sigma.toPrecision(2)))} was usual;`
  );
}
