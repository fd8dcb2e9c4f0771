import type { SeriesColumn, UnixMs } from '@tarsier/protocol';
import type { Engine } from '../query/engine.ts';
import { parseQuery } from '../query/language/parse.ts';
import type { Query } from '../query/query.ts';
import type { TenantScope } from '../tenant.ts';

export interface ColumnsRequest {
  /** A selector, of which each step gets the mean, or any expression. */
  readonly query: string;
  readonly start: UnixMs;
  /** Included. */
  readonly end: UnixMs;
  readonly stepMs: number;
  readonly signal?: AbortSignal;
}

export interface MetricColumn {
  readonly metric: Readonly<Record<string, string>>;
  readonly column: SeriesColumn;
}

/** What is stored of the series of a query. @throws {TarsierError} `query/…` */
export async function readColumns(
  { query, engine }: { readonly query: Pick<Query, 'range'>; readonly engine: Pick<Engine, 'range'> },
  scope: TenantScope,
  { query: text, start, end, stepMs, signal }: ColumnsRequest,
): Promise<readonly MetricColumn[]> {
  const expr = parseQuery(text);
  const abort = signal === undefined ? {} : { signal };
  if (expr.kind === 'selector' && expr.offset === undefined && expr.at === undefined) {
    const results = await query.range(scope, { selector: text, start, end, stepMs, aggregation: 'avg', ...abort });
    return results.map(({ series, column }) => ({ metric: { __name__: series.name, ...series.labels }, column }));
  }
  const { data } = await engine.range(scope, { query: text, start, end, stepMs, ...abort });
  const series = data.kind === 'matrix' ? data.series : [];
  return series.map((column) => ({ metric: column.labels.toObject(), column }));
}
