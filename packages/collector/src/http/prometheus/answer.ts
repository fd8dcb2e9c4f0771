/** Answers in Prometheus's JSON. Values are text, for JSON has no NaN and no infinities; times are Unix seconds. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UnixMs } from '@tarsier/protocol';
import type { Context } from 'hono';
import type { QueryData, QueryResult, QueryStatistics } from '../../query/engine.ts';
import { formatValue } from '../../query/language/number.ts';
import type { AppEnv } from '../app-env.ts';

/** How many points are written before others have a turn: some milliseconds' worth. */
const pointsPerTurn = 20_000;

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
  /** The parameter `stats`: none where it is empty, by step as well where it is `all`. */
  readonly stats: string;
}

export async function queryAnswer(
  { data, warnings, infos, statistics }: QueryResult,
  { limit, stats }: AnswerShape,
): Promise<string> {
  const { result, truncated } = await resultOf(data, limit);
  const type = JSON.stringify(data.kind);
  const told = stats === '' ? '' : `,"stats":${JSON.stringify(statisticsOf(statistics, stats === 'all'))}`;
  return success(`{"resultType":${type},"result":${result}${told}}`, {
    warnings: truncated ? [...warnings, truncationWarning] : warnings,
    infos,
  });
}

function statisticsOf(
  { readMs, evaluateMs, samplesRead, samplesHeld, lookedAt: { times, samples } }: QueryStatistics,
  byStep: boolean,
): object {
  const perStep = times.map((time, step) => [time / 1000, samples[step] ?? 0]);
  return {
    timings: {
      evalTotalTime: (readMs + evaluateMs) / 1000,
      resultSortTime: 0,
      queryPreparationTime: readMs / 1000,
      innerEvalTime: evaluateMs / 1000,
      execQueueTime: 0,
      execTotalTime: (readMs + evaluateMs) / 1000,
    },
    samples: {
      ...(byStep ? { totalQueryableSamplesPerStep: perStep } : {}),
      totalQueryableSamples: samples.reduce((sum, count) => sum + count, 0),
      samplesRead,
      peakSamples: samplesHeld,
    },
  };
}

export const truncationWarning = 'results truncated due to limit';

async function resultOf(
  data: QueryData,
  limit: number,
): Promise<{ readonly result: string; readonly truncated: boolean }> {
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
      const series: string[] = [];
      let points = 0;
      for (const { labels, times, values } of some) {
        series.push(`{"metric":${JSON.stringify(labels.toObject())},"values":[${pointList(times, values)}]}`);
        points += times.length;
        if (points < pointsPerTurn) continue;
        points = 0;
        await nextTurn();
      }
      return { result: `[${series.join(',')}]`, truncated: some.length < data.series.length };
    }
  }
}

/** Hot: every point of an answer. */
function pointList(times: Float64Array, values: Float64Array): string {
  let text = '';
  // Of times that follow each other most digits are the same: those of the thousand seconds are written once.
  let thousand = -1;
  let beginning = '';
  for (let row = 0; row < times.length; row++) {
    const time = times[row] ?? 0;
    const second = Math.floor(time / 1000);
    const next = Math.floor(second / 1000);
    if (next !== thousand) {
      thousand = next;
      beginning = `${row === 0 ? '' : ','}[${next}`;
    }
    const value = formatValue(values[row] ?? 0);
    text +=
      next > 0 && second * 1000 === time
        ? `${beginning}${threeDigits[second - next * 1000] ?? ''},"${value}"]`
        : `${row === 0 ? '' : ','}[${seconds(time)},"${value}"]`;
    if (row === 0) beginning = `,[${next}`;
  }
  return text;
}

const threeDigits = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));

function point(time: UnixMs, value: number): string {
  return `[${seconds(time)},"${formatValue(value)}"]`;
}

function seconds(time: UnixMs): string {
  return String(time / 1000);
}
