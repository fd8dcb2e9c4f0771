import { seriesSignature } from '@tarsier/protocol';
import type { ForecastCrossing, ForecastRule } from '@tarsier/protocol/api';
import { formatterOf, formatTime } from '../../stats/format.ts';
import type { Forecaster } from '../../forecast/forecaster.ts';
import type { TenantScope } from '../../tenant.ts';
import { describeDuration } from '../threshold.ts';
import type { Look } from './periodic-watch.ts';
import type { SeenSample } from './seen.ts';

/** More than a person may ask for at once: a rule watches all of a tenant's hosts. */
const mostSeries = 1_000;
const stepsAhead = 60;

/** What of a forecast rule decides on what it sees. */
export type LookAhead = Pick<
  ForecastRule,
  'selector' | 'op' | 'limit' | 'horizonMs' | 'stepMs' | 'historyMs' | 'confidence' | 'clearConfidence'
>;

/** Which series will be beyond the limit within the horizon, and with which chance. */
export function lookAhead(forecaster: Pick<Forecaster, 'forecast'>, scope: TenantScope, rule: LookAhead): Look {
  const { selector, op, limit, horizonMs, stepMs = stepOf(horizonMs), historyMs, confidence, clearConfidence } = rule;
  const direction = op === '>' ? ('above' as const) : ('below' as const);
  return async (at) => {
    const request = { query: selector, horizonMs, stepMs, historyMs, confidence, limit, direction, mostSeries, at };
    const { forecasts: found, skipped } = await forecaster.forecast(scope, request);
    const seen = found.flatMap(({ metric: { __name__: metric = '', ...labels }, crossing, newest }) =>
      crossing === undefined
        ? []
        : [
            {
              metric,
              labels,
              value: crossing.probability,
              reason: `${seriesSignature({ name: metric, labels })} ${describe(crossing, newest.value, horizonMs, formatterOf(metric))}`,
              holds: crossing.probability >= confidence,
              clears: crossing.probability < (clearConfidence ?? confidence),
            },
          ],
    );
    // Too little to go on says nothing, in either direction.
    const unsure = skipped.map(({ metric: { __name__: metric = '', ...labels }, reason }): SeenSample => ({
      metric,
      labels,
      value: Number.NaN,
      reason,
      holds: false,
      clears: false,
    }));
    return [...seen, ...unsure];
  };
}

function stepOf(horizonMs: number): number {
  return Math.max(1_000, Math.ceil(horizonMs / stepsAhead / 1_000) * 1_000);
}

/** `is 83 % and will be above 95 % at about 14:20:00 UTC (from 13:10:00 UTC on), with a chance of 93 %`. */
function describe(
  { direction, limit, at, earliest, probability }: ForecastCrossing,
  value: number,
  horizonMs: number,
  format: (value: number) => string,
): string {
  const beyond = direction === 'above' ? value >= limit : value <= limit;
  const now = `is ${format(value)}`;
  if (beyond) return `${now}, ${direction} ${format(limit)} already`;
  const when =
    at === undefined ? `within ${describeDuration(horizonMs)}` : `at about ${new Date(at).toISOString().slice(0, 16)}Z`;
  const soonest = earliest === undefined ? '' : ` (at the earliest ${formatTime(earliest)})`;
  const percent = Math.round(probability * 100);
  return `${now} and will be ${direction} ${format(limit)} ${when}${soonest}, with a chance of ${percent} %`;
}
