import { TarsierError, type SeriesColumn, type SeriesIdentity } from '@tarsier/protocol';
import type { MatrixResponse } from '@tarsier/protocol/api';
import type { Engine } from '../../query/engine.ts';
import { formatValue } from '../../query/language/number.ts';
import { parseQuery, parseSelector } from '../../query/language/parse.ts';
import type { Query } from '../../query/query.ts';
import type { Api } from '../api/call.ts';

/** `GET /v1/query_range` and `GET /v1/series`. */
export function queryRoutes(api: Api, { query, engine }: { readonly query: Query; readonly engine: Engine }): void {
  api.on('GET /v1/query_range', async ({ tenant, query: asked, signal }) => {
    const { start, end, step: stepMs, aggregation } = asked;
    const expr = parseQuery(asked.query);
    if (expr.kind === 'selector' && expr.offset === undefined && expr.at === undefined) {
      const results = await query.range(tenant, {
        selector: asked.query,
        start,
        end,
        ...(stepMs === undefined ? {} : { stepMs, aggregation: aggregation ?? 'last' }),
        signal,
      });
      return toMatrix(results.map(({ series, column }) => ({ metric: metricOf(series), column })));
    }
    if (stepMs === undefined || aggregation !== undefined) {
      throw new TarsierError(
        'query/parameter',
        'query: expected a selector, or with another expression a step and no aggregation',
        { field: 'query' },
      );
    }
    const { data } = await engine.range(tenant, { query: asked.query, start, end, stepMs, signal });
    const series = data.kind === 'matrix' ? data.series : [];
    return toMatrix(series.map((column) => ({ metric: column.labels.toObject(), column })));
  });
  api.on('GET /v1/series', async ({ tenant, query: { query: selector } }) => {
    const series = await query.series(tenant, parseSelector(selector));
    return { series: series.map(({ name, labels, kind, unit }) => ({ name, labels, kind, unit })) };
  });
}

/** Prometheus's shape: seconds with three decimals, values as text, because JSON has no NaN and no infinities. */
function toMatrix(
  results: readonly { readonly metric: Record<string, string>; readonly column: SeriesColumn }[],
): MatrixResponse {
  return {
    status: 'success',
    data: {
      resultType: 'matrix',
      result: results.map(({ metric, column }) => ({
        metric,
        values: Array.from(column.times, (time, row): [number, string] => [
          time / 1000,
          formatValue(column.values[row] ?? Number.NaN),
        ]),
      })),
    },
  };
}

function metricOf({ name, labels }: SeriesIdentity): Record<string, string> {
  return { __name__: name, ...labels };
}
