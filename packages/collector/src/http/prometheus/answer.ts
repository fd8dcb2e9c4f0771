/** Answers in Prometheus's JSON. Values are text, for JSON has no NaN and no infinities; times are Unix seconds. */
import type { UnixMs } from '@tarsier/protocol';
import type { Context } from 'hono';
import type { QueryData, QueryResult } from '../../query/engine.ts';
import { formatValue } from '../../query/language/number.ts';
import type { AppEnv } from '../app-env.ts';

export interface Envelope {
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** Sends what is JSON already. */
export function json(c: Context<AppEnv>, body: string): Response {
  return c.body(body, 200, { 'content-type': 'application/json' });
}

/** @param data  JSON already */
export function success(data: string, { warnings = [], infos = [] }: Envelope = {}): string {
  const parts = [`"status":"success"`, `"data":${data}`];
  if (warnings.length > 0) parts.push(`"warnings":${JSON.stringify(warnings)}`);
  if (infos.length > 0) parts.push(`"infos":${JSON.stringify(infos)}`);
  return `{${parts.join(',')}}`;
}

export interface AnswerShape {
  /** Most series; the rest is left out, and a warning says so. */
  readonly limit: number;
  readonly withStatistics: boolean;
}

export function queryAnswer(
  { data, warnings, infos, statistics }: QueryResult,
  { limit, withStatistics }: AnswerShape,
): string {
  const { result, truncated } = resultOf(data, limit);
  const type = JSON.stringify(data.kind);
  const { readMs, evaluateMs, samplesRead, samplesHeld } = statistics;
  const timings = {
    evalTotalTime: (readMs + evaluateMs) / 1000,
    resultSortTime: 0,
    queryPreparationTime: readMs / 1000,
    innerEvalTime: evaluateMs / 1000,
    execQueueTime: 0,
    execTotalTime: (readMs + evaluateMs) / 1000,
  };
  const stats = { timings, samples: { totalQueryableSamples: samplesRead, peakSamples: samplesHeld } };
  return success(
    `{"resultType":${type},"result":${result}${withStatistics ? `,"stats":${JSON.stringify(stats)}` : ''}}`,
    { warnings: truncated ? [...warnings, truncationWarning] : warnings, infos },
  );
}

export const truncationWarning = 'results truncated due to limit';

function resultOf(data: QueryData, limit: number): { readonly result: string; readonly truncated: boolean } {
  switch (data.kind) {
    case 'scalar':
      return { result: point(data.time, data.value), truncated: false };
    case 'string':
      return { result: `[${seconds(data.time)},${JSON.stringify(data.text)}]`, truncated: false };
    case 'vector': {
      const some = data.samples.slice(0, limit);
      const samples = some.map(
        ({ labels, value }) => `{"metric":${JSON.stringify(labels.toObject())},"value":${point(data.time, value)}}`,
      );
      return { result: `[${samples.join(',')}]`, truncated: some.length < data.samples.length };
    }
    case 'matrix': {
      const some = data.series.slice(0, limit);
      const series = some.map(({ labels, times, values }) => {
        const points = Array.from(times, (time, row) => point(time, values[row] ?? Number.NaN));
        return `{"metric":${JSON.stringify(labels.toObject())},"values":[${points.join(',')}]}`;
      });
      return { result: `[${series.join(',')}]`, truncated: some.length < data.series.length };
    }
  }
}

function point(time: UnixMs, value: number): string {
  return `[${seconds(time)},"${formatValue(value)}"]`;
}

function seconds(time: UnixMs): string {
  return String(time / 1000);
}
