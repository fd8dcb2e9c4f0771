/** `forecast(selector, horizon)`: what the series of a query will be, from what is stored of them. */
import { setImmediate } from 'node:timers/promises';
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { ForecastResponse, SeriesForecast } from '@tarsier/protocol/api';
import type { Engine } from '../query/engine.ts';
import type { Query } from '../query/query.ts';
import type { TenantScope } from '../tenant.ts';
import { readColumns } from './read-columns.ts';
import { forecastSeries } from './series-forecast.ts';

export interface ForecastQuery {
  /** A selector, or any expression. */
  readonly query: string;
  readonly horizonMs: number;
  readonly stepMs: number;
  /** Four times the horizon unless given, at least 120 steps. */
  readonly historyMs?: number | undefined;
  readonly confidence: number;
  readonly limit?: number | undefined;
  readonly direction?: 'above' | 'below' | undefined;
  /** 50 unless given. */
  readonly mostSeries?: number;
  /** The present, from which on it is looked ahead; now unless given. */
  readonly at?: UnixMs;
  readonly signal?: AbortSignal;
}

export interface Forecaster {
  /** @throws {TarsierError} `query/…`, `forecast/…` */
  forecast(scope: TenantScope, request: ForecastQuery): Promise<ForecastResponse>;
}

const historyHorizons = 4;
const leastHistorySteps = 120;
/** Values of the past that a forecast is learnt from: more cost time and tell little. */
const mostHistorySteps = 2_000;
/** Each takes some hundredths of a second of CPU. */
const mostAsked = 50;

export function createForecaster({
  query,
  engine,
  now,
}: {
  readonly query: Pick<Query, 'range'>;
  readonly engine: Pick<Engine, 'range'>;
  readonly now: () => UnixMs;
}): Forecaster {
  return {
    async forecast(scope, request) {
      const { horizonMs, stepMs, confidence, limit, direction, mostSeries = mostAsked, at: end = now() } = request;
      const historyMs = request.historyMs ?? Math.max(historyHorizons * horizonMs, leastHistorySteps * stepMs);
      if (historyMs / stepMs > mostHistorySteps) {
        throw new TarsierError(
          'forecast/history',
          `history: expected at most ${mostHistorySteps} steps, got ${Math.ceil(historyMs / stepMs)}; use a larger step`,
          { field: 'history' },
        );
      }
      const columns = await readColumns({ query, engine }, scope, { ...request, start: end - historyMs, end });
      if (columns.length > mostSeries) {
        throw new TarsierError(
          'forecast/too-many-series',
          `query: expected at most ${mostSeries} series, got ${columns.length}; narrow the selector`,
          { field: 'query' },
        );
      }
      const steps = Math.floor(horizonMs / stepMs);
      const forecasts: SeriesForecast[] = [];
      const skipped: { metric: Readonly<Record<string, string>>; reason: string }[] = [];
      for (const { metric, column } of columns) {
        // Each a turn of its own: others must not wait for all of them.
        await setImmediate();
        const found = forecastSeries(metric, column, { stepMs, steps, confidence, limit, direction });
        if (typeof found === 'string') skipped.push({ metric, reason: found });
        else forecasts.push(found);
      }
      return { confidence, stepMs, forecasts, skipped };
    },
  };
}
