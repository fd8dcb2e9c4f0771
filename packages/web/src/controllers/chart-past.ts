/** The past of a chart, as requests: loaded by the first one that shows more than the live connection brings. */
import type { Anomaly, AnomalyEvent } from '@tarsier/protocol';
import {
  answersRaw,
  heldFromAnswers,
  rangePaths,
  seriesAbout,
  stepFor,
  unitOfExpression,
} from '../data/range-query.ts';
import type { ChartQuery, SeriesAbout } from '../data/range-query.ts';
import type { Api } from '../data/rest.ts';
import type { HeldSeries } from '../data/source.ts';
import type { Span } from '../data/time-range.ts';
import { wallClockShift } from '../data/wall-clock-shift.ts';
import type { ForecastBand } from './chart-data.ts';

export { answersRaw, wallClockShift };

const confidences = [0.95, 0.8, 0.5];

/** @throws {RequestError} as do all of these */
export async function loadSeries(
  api: Api,
  query: ChartQuery,
  span: Span,
  pixels: number,
  signal: AbortSignal,
): Promise<readonly HeldSeries[]> {
  const paths = rangePaths(query, span, pixels);
  const [about, ...answers] = await Promise.all([
    aboutOf(api, query, signal),
    ...paths.map((path) => api.get(path, signal)),
  ]);
  return heldFromAnswers(answers, about, stepFor(span.to - span.from, pixels), query.name);
}

async function aboutOf(
  api: Api,
  { expr, kind, rate }: ChartQuery,
  signal: AbortSignal,
): Promise<(name: string) => SeriesAbout> {
  if (kind === 'promql') {
    const unit = unitOfExpression(expr);
    return () => ({ kind: 'gauge', unit });
  }
  const about = await seriesAbout(api, expr, signal);
  return (name) => (rate ? { ...about(name), kind: 'gauge' } : about(name));
}

/** What was unusual; nothing where that cannot be asked for: the lines are worth showing without it. */
export async function loadUnusual(
  api: Api,
  span: Span,
  signal: AbortSignal,
): Promise<{ readonly anomalies: readonly Anomaly[]; readonly events: readonly AnomalyEvent[] }> {
  const range = `start=${span.from / 1000}&end=${span.to / 1000}`;
  try {
    const [{ anomalies }, { events }] = await Promise.all([
      api.get(`/v1/anomalies?${range}`, signal),
      api.get(`/v1/anomalies/events?${range}`, signal),
    ]);
    return { anomalies, events };
  } catch {
    return { anomalies: [], events: [] };
  }
}

/** The widest band first. */
export async function loadBands(
  api: Api,
  { expr, rate }: ChartQuery,
  horizon: string,
  signal: AbortSignal,
): Promise<readonly ForecastBand[]> {
  const query = rate ? `rate(${expr}[1m])` : expr;
  return Promise.all(
    confidences.map(async (confidence) => {
      const parameters = new URLSearchParams({ query, horizon, confidence: String(confidence) });
      const body = await api.get(`/v1/forecast?${parameters}`, signal);
      return { confidence, series: body.forecasts };
    }),
  );
}
