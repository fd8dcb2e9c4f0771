import { z } from 'zod';
import { usdText } from './budgets.ts';
import { defineOperations, many, unixMs } from './operation.ts';

const share = z.number().describe('0 to 1.');
const score = z.number().min(0).max(100).describe('0 to 100, higher is better.');
const interval = z.object({ low: z.number(), high: z.number() });

const useCheck = z
  .object({
    resource: z.enum(['cpu', 'memory', 'disk', 'network', 'calls']),
    utilisation: share.nullable().describe('95 % of the time it was no busier; null where nothing measures it.'),
    saturation: share.nullable().describe('Share of the time in which work waited for it.'),
    errors: z.number().nullable().describe('Errors a minute.'),
    severity: share.describe('How much it holds things up: the worst of the three, by what is tolerable.'),
    reason: z.string(),
  })
  .meta({ id: 'UseCheck' });
export type UseCheck = z.infer<typeof useCheck>;

const subject = z
  .object({
    kind: z.enum(['host', 'service']),
    name: z.string(),
    host: z.string().exactOptional().describe('Of a service: where it runs.'),
    score,
    interval: interval.describe('80 %, by blocks of the time that was looked at.'),
    bottleneck: z
      .object({ resource: z.string(), title: z.string(), impact: share, query: z.string() })
      .nullable()
      .describe('What holds it up most; null where nothing does.'),
    checks: many(useCheck),
  })
  .meta({ id: 'PerformanceSubject' });
export type PerformanceSubject = z.infer<typeof subject>;

const cachePoint = z.object({
  bytes: z.number(),
  ratio: share.describe('Hit ratio at that size.'),
  low: share,
  high: share,
  isMeasured: z.boolean().describe('Otherwise beyond all sizes that it had: by the form of the curve.'),
});

const cache = z
  .object({
    id: z.string(),
    kind: z.enum(['redis', 'postgres', 'prompts']),
    name: z.string(),
    hits: z.number(),
    misses: z.number(),
    ratio: share,
    interval: interval.describe('95 %, of the ratio, by blocks of the time that was looked at.'),
    evictions: z.number().nullable(),
    bytes: z.number().nullable().describe('What it holds now; null where nothing tells.'),
    workingSet: z
      .object({ bytes: z.number(), reason: z.string() })
      .nullable()
      .describe('From which size on more adds less than 1 % of hits; null where its size did not change.'),
    curve: many(cachePoint).describe('Empty where its size did not change.'),
    curveTest: z
      .object({
        error: z.number().describe('Mean absolute error of the curve on the last quarter of the time.'),
        baselineError: z.number().describe('The same of the mean ratio of the time before.'),
        isBetter: z.boolean(),
        verdict: z.string(),
      })
      .nullable(),
    saving: z
      .object({ now: usdText, possible: usdText, arithmetic: z.string() })
      .nullable()
      .describe('Of prompts: USD a month that the cache saves, and could save beyond.'),
    history: z.object({ t: many(unixMs), v: many(share) }).describe('Its hit ratio over the time.'),
  })
  .meta({ id: 'CacheReport' });
export type CacheReport = z.infer<typeof cache>;

const size = z.object({
  cores: z.number(),
  bytes: z.number(),
});

const rightSize = z
  .object({
    kind: z.enum(['host', 'container']),
    name: z.string(),
    host: z.string(),
    has: size.describe('What it has or may use; of a container without a limit what its host has.'),
    request: size.describe('What it should ask for.'),
    risk: z
      .object({ cpu: share, memory: share, cpuHigh: share, memoryHigh: share })
      .describe('Share of the last quarter in which the request would have been too small, and 95 % upper bounds.'),
    byMaximum: size,
    byMean: size,
    riskByMaximum: share.describe('The worse of CPU and memory.'),
    riskByMean: share,
    isBetter: z.boolean().describe('Smaller than by the maximum, and not too small more often than allowed.'),
    reason: z.string(),
  })
  .meta({ id: 'RightSize' });
export type RightSize = z.infer<typeof rightSize>;

export const performanceSchema = z
  .object({
    kind: z.literal('performance.analyse'),
    version: z.literal(1),
    at: unixMs,
    window: z.object({ from: unixMs, to: unixMs }),
    method: z.string(),
    score: score.describe(
      'The parts by their weights; of hosts and services those that something holds up count double.',
    ),
    parts: many(z.object({ id: z.string(), label: z.string(), score: score.nullable(), weight: z.number() })),
    subjects: many(subject).describe('Worst first.'),
    caches: many(cache),
    rightSizes: many(rightSize).describe('Those that free most first.'),
    advice: many(
      z.object({ id: z.string(), title: z.string(), impact: share, reason: z.string(), query: z.string() }),
    ).describe('Worst first.'),
  })
  .meta({ id: 'Performance' });
/** Result of `performance.analyse`. */
export type Performance = z.infer<typeof performanceSchema>;

export const performanceOperations = defineOperations({
  'GET /v1/performance': {
    summary: 'The newest result of `performance.analyse`',
    tag: 'performance',
    scope: 'read',
    status: 200,
    answer: z.object({ job: z.string(), finishedAt: unixMs, result: performanceSchema }),
    refusals: [404],
  },
});
