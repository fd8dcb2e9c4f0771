import { formatUsd, TarsierError } from '@tarsier/protocol';
import type { CacheReport, Performance, PerformanceSubject, RightSize } from '@tarsier/protocol/api';
import { z } from 'zod';
import { defineJobType } from '../../job-type.ts';
import { formatPercent } from '../../../stats/format.ts';
import { monthHours } from '../cost/finding.ts';
import { round } from '../optimise/score.ts';
import { curveOf, ratioOf } from './cache-curve.ts';
import { promptSaving, readPerformance, type ReadCache } from './read-performance.ts';
import { rightSize } from './right-size.ts';
import { analyseSubject } from './use-method.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** Steps that the time is looked at in, about. */
const steps = 288;
/** Points of a history. */
const mostPoints = 96;
const weights = { hosts: 0.5, services: 0.25, caches: 0.25 } as const;

export const performanceAnalyse = defineJobType({
  name: 'performance.analyse',
  summary: 'What holds hosts and services up, how well caches work, and what they should ask for, with the risk.',
  payload: z.strictObject({ hours: z.int().min(1).max(720).default(24).describe('How far back it looks.') }),
  runs: 'thread',
  estimateMs: ({ hours }) => 200 + 5 * hours,
  async run({ hours }, context): Promise<Performance> {
    const { now, progress } = context;
    const stepMs = Math.max(minuteMs, Math.ceil((hours * hourMs) / steps / minuteMs) * minuteMs);
    const to = Math.floor(now / stepMs) * stepMs;
    const from = to - Math.floor((hours * hourMs) / stepMs) * stepMs + stepMs;
    const read = await readPerformance(context, { from, to, stepMs });
    if (read.subjects.length === 0 && read.caches.length === 0) {
      throw new TarsierError('jobs/series', `no host, service or cache was measured in the last ${hours} h`);
    }
    progress({ ratio: 0.7, message: 'measured' });
    const subjects = read.subjects.map(analyseSubject).toSorted((a, b) => a.score - b.score);
    const caches = read.caches
      .map((cache) => cacheReport(cache, hours))
      .filter(({ hits, misses }) => hits + misses > 0)
      .toSorted((a, b) => a.ratio - b.ratio);
    const rightSizes = read.uses.flatMap((use) => rightSize(use) ?? []).toSorted((a, b) => freed(b) - freed(a));
    const parts = [
      { id: 'hosts', label: 'Hosts', score: meanScore(subjects, 'host'), weight: weights.hosts },
      { id: 'services', label: 'Services', score: meanScore(subjects, 'service'), weight: weights.services },
      {
        id: 'caches',
        label: 'Caches',
        score: caches.length === 0 ? null : round((100 * sumOf(caches, ({ ratio }) => ratio)) / caches.length),
        weight: weights.caches,
      },
    ];
    const known = parts.filter(({ score }) => score !== null);
    const weight = sumOf(known, (one) => one.weight);
    return {
      kind: 'performance.analyse',
      version: 1,
      at: now,
      window: { from, to },
      method:
        'USE (Gregg 2013); hit ratios by size made monotone (Mattson et al. 1970; Ayer et al. 1955); requests by percentiles, tried on the last quarter (Wilson 1927)',
      score: round(sumOf(known, ({ score, weight: own }) => ((score ?? 0) * own) / weight)),
      parts: parts.map((part) => ({ ...part, weight: part.score === null ? 0 : part.weight / weight })),
      subjects,
      caches,
      rightSizes,
      advice: adviceOf(subjects, caches, rightSizes),
    };
  },
});

function cacheReport(cache: ReadCache, hours: number): CacheReport {
  const { kind, name, hits, misses, bytes, evictions, times } = cache;
  const { ratio, low, high } = ratioOf(cache);
  const saving = promptSaving(cache);
  const aMonth = (nanos: number): string => formatUsd(Math.round((nanos * monthHours) / hours));
  const every = Math.max(1, Math.ceil(times.length / mostPoints));
  const points = Array.from(times, (t, at) => {
    const all = (hits[at] ?? 0) + (misses[at] ?? 0);
    return all > 0 && at % every === 0 ? [{ t, v: (hits[at] ?? 0) / all }] : [];
  }).flat();
  return {
    id: `${kind}/${name}`,
    kind,
    name,
    hits: Math.round(sumOf(hits, (one) => one)),
    misses: Math.round(sumOf(misses, (one) => one)),
    ratio,
    interval: { low, high },
    evictions,
    bytes: bytes.findLast((value) => Number.isFinite(value)) ?? null,
    ...curveOf(cache),
    saving:
      saving === undefined
        ? null
        : {
            now: aMonth(saving.now),
            possible: aMonth(saving.possible),
            arithmetic: `(${saving.tokens} tokens from the cache, ${saving.more} more as ${cache.best?.agent ?? 'no other agent'} has it) x (${formatUsd(cache.price?.input ?? 0)} - ${formatUsd(cache.price?.cached ?? 0)}) USD a million, in ${hours} of ${monthHours} h`,
          },
    history: { t: points.map(({ t }) => t), v: points.map(({ v }) => v) },
  };
}

/** Those that something holds up count double. */
function meanScore(subjects: readonly PerformanceSubject[], kind: PerformanceSubject['kind']): number | null {
  const of = subjects.filter((one) => one.kind === kind);
  if (of.length === 0) return null;
  const weightOf = ({ bottleneck }: PerformanceSubject): number => (bottleneck === null ? 1 : 2);
  return round(sumOf(of, (one) => one.score * weightOf(one)) / sumOf(of, weightOf));
}

/** Share of what it has that it would not ask for. */
const freed = ({ has, request }: RightSize): number =>
  Math.max(0, 1 - request.cores / Math.max(has.cores, 0.01)) + Math.max(0, 1 - request.bytes / Math.max(has.bytes, 1));

function adviceOf(
  subjects: readonly PerformanceSubject[],
  caches: readonly CacheReport[],
  rightSizes: readonly RightSize[],
): Performance['advice'] {
  const held = subjects.flatMap(({ kind, name, bottleneck }) =>
    bottleneck === null
      ? []
      : [
          {
            id: `${kind}/${name}/${bottleneck.resource}`,
            title: bottleneck.title,
            impact: bottleneck.impact,
            reason: `it is the worst of ${kind === 'host' ? 'its resources' : 'what it needs'}`,
            query: bottleneck.query,
          },
        ],
  );
  const larger = caches.flatMap(({ id, name, bytes, workingSet, curve, ratio }) => {
    const more = (curve.at(-1)?.ratio ?? 0) - ratio;
    if (workingSet === null || bytes === null || workingSet.bytes <= bytes || more < 0.01) return [];
    return [
      {
        id,
        title: `${name} is smaller than what it is asked for: ${mib(bytes)} of ${mib(workingSet.bytes)}`,
        impact: round(more),
        reason: `with that ${formatPercent(more)} more lookups would be hits; ${workingSet.reason}`,
        query: 'rate(redis_keyspace_misses_total[5m])',
      },
    ];
  });
  const prompts = caches.flatMap(({ id, name, saving }) =>
    saving === null || saving.possible === '0.00'
      ? []
      : [
          {
            id,
            title: `${name} could save ${saving.possible} USD a month by reusing the beginnings of its prompts`,
            impact: 0.1,
            reason: saving.arithmetic,
            query: 'llm_cache_hit_ratio',
          },
        ],
  );
  const sizes = rightSizes.flatMap((one) =>
    !one.isBetter || freed(one) < 0.2
      ? []
      : [
          {
            id: `${one.kind}/${one.host}/${one.name}/size`,
            title: `${one.name} may ask for ${one.request.cores} cores and ${mib(one.request.bytes)}, of ${round(one.has.cores)} and ${mib(one.has.bytes)}`,
            impact: round(freed(one) / 2),
            reason: one.reason,
            query: `cpu_busy_ratio{cpu="all",host=${JSON.stringify(one.host)}}`,
          },
        ],
  );
  return [...held, ...larger, ...prompts, ...sizes].toSorted((a, b) => b.impact - a.impact);
}

const mib = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`;

function sumOf<T>(items: Iterable<T>, of: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += of(item);
  return sum;
}
