import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { readColumns } from '../../../forecast/read-columns.ts';
import { toGrid } from '../../../forecast/series-forecast.ts';
import type { GroupSeries } from '../../../learn/forecasting/examples.ts';
import type { JobContext } from '../../job-type.ts';

export interface ReadSeries extends GroupSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly newestAt: UnixMs;
}

/** Most series that a network is trained on, or asked for, at once. */
export const mostSeries = 50;

/**
 * Series of a query, one value for each step, and in words why others are left out.
 *
 * @throws {TarsierError} `jobs/series` when there are none, or too many
 */
export async function readGroup(
  { query, engine, scope, signal }: Pick<JobContext, 'query' | 'engine' | 'scope' | 'signal'>,
  request: { readonly query: string; readonly start: UnixMs; readonly end: UnixMs; readonly stepMs: number },
): Promise<{ readonly series: readonly ReadSeries[]; readonly skipped: readonly string[] }> {
  const columns = await readColumns({ query, engine }, scope, { ...request, signal });
  if (columns.length === 0) throw new TarsierError('jobs/series', `query: no series match ${request.query}`);
  if (columns.length > mostSeries) {
    throw new TarsierError(
      'jobs/series',
      `query: expected at most ${mostSeries} series, got ${columns.length}; narrow the selector`,
    );
  }
  const series: ReadSeries[] = [];
  const skipped: string[] = [];
  for (const { metric, column } of columns) {
    const grid = toGrid(column, request.stepMs);
    if (typeof grid === 'string') {
      skipped.push(`${JSON.stringify(metric)}: ${grid}`);
      continue;
    }
    const { values, newestAt } = grid;
    series.push({ metric, values, newestAt, startMs: newestAt - (values.length - 1) * request.stepMs });
  }
  return { series, skipped };
}
