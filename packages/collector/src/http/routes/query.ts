import { queryRangeParameters, seriesParameters, type MatrixResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Query, SeriesResult } from '../../query/query.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { parse } from '../parse.ts';

/** `GET /v1/query_range` and `GET /v1/series`. */
export function queryRoutes({ query }: { readonly query: Query }): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/query_range', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const {
        query: selector,
        start,
        end,
        step,
        aggregation,
      } = parse(queryRangeParameters, c.req.query(), 'query/parameter');
      const results = await query.range(identity.tenant, {
        selector,
        start,
        end,
        ...(step === undefined ? {} : { stepMs: step, aggregation: aggregation ?? 'last' }),
        signal: c.req.raw.signal,
      });
      return c.json(toMatrix(results));
    })
    .get('/series', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const { query: selector } = parse(seriesParameters, c.req.query(), 'query/parameter');
      const series = await query.series(identity.tenant, selector);
      return c.json({ series: series.map(({ name, labels, kind, unit }) => ({ name, labels, kind, unit })) });
    });
}

/** Prometheus's shape: seconds with three decimals, values as text, because JSON has no NaN and no infinities. */
function toMatrix(results: readonly SeriesResult[]): MatrixResponse {
  return {
    status: 'success',
    data: {
      resultType: 'matrix',
      result: results.map(({ series, column }) => ({
        metric: { __name__: series.name, ...series.labels },
        values: Array.from(column.times, (time, row): [number, string] => [
          time / 1000,
          valueText(column.values[row] ?? Number.NaN),
        ]),
      })),
    },
  };
}

function valueText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}
