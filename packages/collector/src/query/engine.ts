/** PromQL: a query's text and times to its answer. Reads through a {@link SeriesReader}, and knows no storage. */
import { TarsierError, type SeriesColumn, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import { createSampleRooms } from '../sample-room.ts';
import type { TenantScope } from '../tenant.ts';
import { Annotations } from './evaluate/annotations.ts';
import { Evaluation } from './evaluate/evaluation.ts';
import { withoutDroppedNames } from './evaluate/merge.ts';
import { wantedBy, type QueryTimes, type Wanted } from './evaluate/prepare.ts';
import { timeOf, type Steps } from './evaluate/steps.ts';
import { eachWindow } from './evaluate/windows.ts';
import type { VectorSeries } from './evaluate/value.ts';

import { Work } from './evaluate/work.ts';
import { startDeadline, tooSlow } from './deadline.ts';
import { LabelSet } from './label-set.ts';
import type { Expr, Matcher, VectorSelector } from './language/ast.ts';
import { typeOf } from './language/check-types.ts';
import { parseQuery } from './language/parse.ts';
import { QueryError } from './language/query-error.ts';
import { defaultLimits, type EngineLimits, type TenantLimits } from './limits.ts';
import type { SeriesReader, StoredSeries } from './series-reader.ts';

export interface QueryOptions {
  readonly query: string;
  readonly signal?: AbortSignal;
  /** Less than the limit, where the client asks for that. */
  readonly timeoutMs?: number;
  /** How far back a sample still is the newest; 5 minutes. */
  readonly lookBackMs?: number;
  /** Asked to count what the tenant uses, which counts as no query of it. */
  readonly uncounted?: boolean;
}

/** What an expression amounts to. */
export type QueryData =
  | { readonly kind: 'scalar'; readonly time: UnixMs; readonly value: number }
  | { readonly kind: 'string'; readonly time: UnixMs; readonly text: string }
  /** In the order of the expression: sorted by `sort` or `topk`, else in no particular one. */
  | { readonly kind: 'vector'; readonly time: UnixMs; readonly samples: readonly LabelledSample[] }
  /** In the order of labels. */
  | { readonly kind: 'matrix'; readonly series: readonly LabelledColumn[] };

export interface LabelledSample {
  readonly labels: LabelSet;
  readonly value: number;
}

export interface LabelledColumn extends SeriesColumn {
  readonly labels: LabelSet;
}

export interface QueryResult {
  readonly data: QueryData;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly statistics: QueryStatistics;
}

export interface QueryStatistics {
  /** Reading and evaluating, ms. */
  readonly readMs: number;
  readonly evaluateMs: number;
  readonly samplesRead: number;
  /** Samples read and points computed. */
  readonly samplesHeld: number;
  /** Samples that each step looked at: one that several steps see counts for each, as in Prometheus. */
  readonly lookedAt: { readonly times: readonly UnixMs[]; readonly samples: Float64Array };
}

export interface Engine {
  /** What a tenant's queries may. */
  limitsOf(scope: TenantScope): Promise<EngineLimits>;
  /** The value at one time. @throws {TarsierError} `query/…` */
  instant(scope: TenantScope, options: QueryOptions & { readonly time: UnixMs }): Promise<QueryResult>;
  /** Values from `start` to `end`, both included, `stepMs` apart. @throws {TarsierError} `query/…` */
  range(
    scope: TenantScope,
    options: QueryOptions & { readonly start: UnixMs; readonly end: UnixMs; readonly stepMs: number },
  ): Promise<QueryResult>;
}

const defaultLookBackMs = 5 * 60_000;
/** How much of a slow query the log gets. */
const loggedCharacters = 1_000;
/** Prometheus's default evaluation interval. */
const defaultSubqueryStepMs = 60_000;

export function createEngine({
  reader,
  log,
  now = Date.now,
  limits: someLimits = {},
  limitsOf = () => Promise.resolve({}),
  onDone = () => {},
  subqueryStepMs = defaultSubqueryStepMs,
}: {
  readonly reader: SeriesReader;
  readonly log: Log;
  readonly now?: () => number;
  readonly limits?: Partial<EngineLimits>;
  /** Those of a tenant's own. */
  readonly limitsOf?: (scope: TenantScope) => Promise<TenantLimits>;
  /** Told of each query, also of one that fails: samples read, and time on this thread, ms. */
  readonly onDone?: (scope: TenantScope, cost: { readonly samples: number; readonly cpuMs: number }) => void;
  /** How far apart a subquery looks that does not say so itself, ms. */
  readonly subqueryStepMs?: number;
}): Engine {
  const common = { ...defaultLimits, ...someLimits };
  const rooms = createSampleRooms();
  const limitsFor = async (scope: TenantScope): Promise<EngineLimits> => ({ ...common, ...(await limitsOf(scope)) });

  async function run(
    scope: TenantScope,
    expr: Expr,
    steps: Steps,
    end: UnixMs,
    options: QueryOptions,
  ): Promise<QueryResult> {
    const began = now();
    const limits = await limitsFor(scope);
    const timeoutMs = Math.min(options.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
    const deadline = startDeadline(timeoutMs, options.signal);
    const { signal } = deadline;
    const room = rooms.open();
    const work = new Work({ signal, limits, now });
    const counted = { ...steps, lookedAt: new Float64Array(steps.count) };
    const annotations = new Annotations(options.query);
    const times: QueryTimes = {
      start: steps.start,
      end,
      stepMs: steps.stepMs,
      lookBackMs: options.lookBackMs ?? defaultLookBackMs,
      subqueryStepMs,
    };
    const read = async ({ matchers, from, to, hints }: Omit<Wanted, 'selector'>): Promise<readonly StoredSeries[]> => {
      const series = await reader.select(scope, { matchers, from, to, hints, limits: work.left, room }, signal);
      work.read(series);
      return series;
    };
    let outcome = 'failed';
    let readBy = began;
    try {
      const found = new Map<VectorSelector, readonly StoredSeries[]>();
      for (const { selector, ...request } of wantedBy(expr, steps, times)) found.set(selector, await read(request));
      readBy = now();
      const select = (matchers: readonly Matcher[], at: Steps): Promise<readonly StoredSeries[]> =>
        read({
          matchers,
          from: at.start - times.lookBackMs + 1,
          to: timeOf(at, at.count - 1),
          hints: { stepMs: at.stepMs, rangeMs: undefined, call: 'info' },
        });
      const evaluation = new Evaluation({ expr, times, found, annotations, work, select });
      const data = await evaluate(evaluation, expr, counted, times);
      const done = now();
      outcome = 'answered';
      return {
        data,
        warnings: annotations.warnings,
        infos: annotations.infos,
        statistics: {
          readMs: readBy - began,
          evaluateMs: done - readBy,
          samplesRead: work.samplesRead,
          samplesHeld: work.samplesHeld,
          lookedAt: {
            // Hardly anybody asks for them.
            get times() {
              return Array.from({ length: steps.count }, (_, step) => timeOf(steps, step));
            },
            samples: counted.lookedAt,
          },
        },
      };
    } catch (error) {
      if (deadline.passed) {
        outcome = 'timed out';
        throw tooSlow(timeoutMs);
      }
      if (options.signal?.aborted === true) {
        outcome = 'canceled';
        throw new TarsierError('query/canceled', 'query: nobody waits for the answer any more', { cause: error });
      }
      throw error;
    } finally {
      deadline.end();
      room.close();
      if (options.uncounted !== true)
        onDone(scope, { samples: work.samplesRead, cpuMs: Math.max(0, now() - Math.max(readBy, began)) });
      const ms = Math.round(now() - began);
      if (ms >= limits.slowMs) {
        const query = options.query.slice(0, loggedCharacters);
        log.warn('a query was slow', { tenant: scope.tenant, query, ms, samples: work.samplesRead, outcome });
      }
    }
  }

  return {
    limitsOf: limitsFor,

    instant: async (scope, options) =>
      run(scope, parseQuery(options.query), { start: options.time, stepMs: 0, count: 1 }, options.time, options),

    async range(scope, options) {
      const { start, end, stepMs, query } = options;
      if (end < start)
        throw new TarsierError('query/range', 'end: expected a time at or after start', { field: 'end' });
      if (!(stepMs > 0)) {
        throw new TarsierError('query/range', 'step: expected a duration of at least 1 ms', { field: 'step' });
      }
      if ((end - start) / stepMs > common.points) {
        throw new TarsierError(
          'query/too-many-points',
          `step: expected at most ${common.points} points per series; use a larger step`,
          { field: 'step' },
        );
      }
      const expr = parseQuery(query);
      const type = typeOf(expr);
      if (type !== 'scalar' && type !== 'vector') {
        const names = { string: 'string', matrix: 'range vector' } as const;
        throw new QueryError(
          'query/parse',
          `invalid expression type "${names[type]}" for range query, must be Scalar or instant Vector`,
        );
      }
      const count = Math.floor((end - start) / stepMs) + 1;
      return run(scope, expr, { start, stepMs, count }, end, options);
    },
  };
}

async function evaluate(evaluation: Evaluation, expr: Expr, steps: Steps, times: QueryTimes): Promise<QueryData> {
  const isRange = times.stepMs > 0;
  switch (typeOf(expr)) {
    case 'string':
      return { kind: 'string', time: steps.start, text: evaluation.string(expr) };
    case 'scalar': {
      const values = await evaluation.scalar(expr, steps);
      if (!isRange) return { kind: 'scalar', time: steps.start, value: values[0] ?? Number.NaN };
      const present = new Uint8Array(steps.count).fill(1);
      return matrixOf([{ labels: LabelSet.empty, dropName: false, values, present }], steps);
    }
    case 'vector': {
      const series = withoutDroppedNames(await evaluation.vector(expr, steps));
      if (isRange) return matrixOf(series, steps);
      const samples = series.map(({ labels, values }) => ({ labels, value: values[0] ?? Number.NaN }));
      return { kind: 'vector', time: steps.start, samples };
    }
    case 'matrix':
      return rawSamples(evaluation, expr, steps);
  }
}

/** Hot: every point of an answer comes through here. */
function matrixOf(series: readonly VectorSeries[], steps: Steps): QueryData {
  const allTimes = new Float64Array(steps.count);
  for (let step = 0; step < steps.count; step++) allTimes[step] = timeOf(steps, step);
  const columns = series.map(({ labels, values, present }): LabelledColumn => {
    if (!present.includes(0)) return { labels, times: allTimes, values };
    const times = new Float64Array(steps.count);
    const kept = new Float64Array(steps.count);
    let filled = 0;
    for (let step = 0; step < steps.count; step++) {
      if (present[step] === 0) continue;
      times[filled] = allTimes[step] ?? 0;
      kept[filled++] = values[step] ?? 0;
    }
    return { labels, times: times.subarray(0, filled), values: kept.subarray(0, filled) };
  });
  return { kind: 'matrix', series: columns.toSorted((a, b) => a.labels.compare(b.labels)) };
}

/** The samples of a range vector at one time. */
async function rawSamples(evaluation: Evaluation, expr: Expr, steps: Steps): Promise<QueryData> {
  const range = await evaluation.matrix(expr, steps, true);
  const columns: LabelledColumn[] = [];
  for (const series of range.series) {
    const labels = series.dropName ? series.labels.withoutName() : series.labels;
    eachWindow(series, range, 1, ({ times, values, from, to }) => {
      columns.push({ labels, times: times.slice(from, to), values: values.slice(from, to) });
    });
  }
  return { kind: 'matrix', series: columns.toSorted((a, b) => a.labels.compare(b.labels)) };
}
