/** Results of jobs, for tests of their views. */
import type { Job } from '@tarsier/protocol';
import type {
  ComparedModel,
  CostOptimization,
  ForecastTraining,
  ModelComparison,
  ThresholdTuning,
} from '@tarsier/protocol/api';

const minuteMs = 60_000;

export function testJob(id: string, more: Partial<Job> = {}): Job {
  const now = Date.now();
  return {
    id,
    type: 'cost_optimization',
    state: 'succeeded',
    priority: 0,
    payload: {},
    submittedBy: 'ann',
    createdAt: now - 2 * minuteMs,
    startedAt: now - 2 * minuteMs,
    finishedAt: now - minuteMs,
    attempt: 1,
    maxAttempts: 3,
    timeoutMs: minuteMs,
    cancelRequested: false,
    estimate: { ms: 500, cost: '0.000025' },
    meteredMs: 412,
    cost: '0.0000206',
    ...more,
  };
}

export function comparedModel(name: string, more: Partial<ComparedModel> = {}): ComparedModel {
  const family = more.family ?? 'detector';
  return {
    family,
    name,
    summary: '',
    isBaseline: false,
    quality: { value: 0.8, low: 0.7, high: 0.88, confidence: 0.95 },
    ...(family === 'detector'
      ? { falseAlarmsPerDay: { value: 0.2, low: 0.1, high: 0.4, confidence: 0.95 }, latencyMs: 3_000 }
      : {}),
    cpuNsPerSample: 31,
    memoryBytes: 180,
    trainingMs: 12,
    efficiency: 70,
    rating: 'B',
    verdict: 'better',
    ...more,
  };
}

export const testCost: CostOptimization = {
  kind: 'cost_optimization',
  version: 1,
  method: 'Sizes by percentiles with headroom; tokens by the price table.',
  sources: [],
  score: 72,
  monthly: '412.40',
  saving: '115.47',
  arithmetic: '221.92 USD for hosts + 190.48 USD for models a month',
  findings: [
    {
      kind: 'over-provisioned',
      subject: 'db-1',
      advice: 'db-1 needs 3 cores and 4 GiB in the place of 8 and 16.',
      monthly: '221.92',
      saving: '144.54',
      confidence: 0.8,
      arithmetic: '730 h x (8 cores x 0.03 + 16 GiB x 0.004) = 221.92 USD',
      evidence: 'The 95th percentile of seven days.',
    },
    {
      kind: 'uncached-prompts',
      subject: 'support-bot, large-1',
      advice: 'Put what all prompts begin with first.',
      monthly: '190.48',
      saving: '12.00',
      confidence: 0.5,
      arithmetic: '4000000 tokens x (3 - 0.3) USD',
      evidence: 'search-bot reads 61 % from the cache.',
    },
  ],
  hosts: [],
  unpriced: ['small-9'],
  days: 7,
};

export const testForecastTraining: ForecastTraining = {
  kind: 'forecast.train',
  version: 1,
  method: 'A small network, tried with rolling origin.',
  sources: [],
  model: 'load',
  modelVersion: 3,
  promoted: true,
  verdict: 'better than seasonal-naive, the best plain forecast',
  series: 1,
  skipped: [],
  seasons: [],
  window: { from: 0, to: 1 },
  seed: 1,
  backtest: {
    origins: 12,
    rows: [
      { name: 'network', mase: 0.71, pinball: 0.31, coverage: 0.79 },
      { name: 'seasonal-naive', mase: 0.83, pinball: 0.4, coverage: 0.81 },
    ],
  },
};

export const testComparison: ModelComparison = {
  kind: 'models.compare',
  version: 1,
  method: 'Anomalies of known size are put into the tenant’s own series.',
  sources: [],
  query: 'cpu_busy_ratio',
  window: { from: 1, to: 2 },
  series: 12,
  skipped: [],
  injected: 40,
  rows: [
    comparedModel('ensemble', {
      efficiency: 82,
      rating: 'A',
      quality: { value: 0.91, low: 0.85, high: 0.95, confidence: 0.95 },
    }),
    comparedModel('zscore', { efficiency: 64, isBaseline: true, verdict: 'baseline', cpuNsPerSample: 6 }),
    comparedModel('network', { family: 'forecaster', efficiency: 58, rating: 'C', trainingMs: 4_000 }),
  ],
  best: { detector: 'ensemble', forecaster: 'network' },
  explanation: 'The ensemble finds most, and is worth its cost.',
  seed: 1,
};

const rounds = Array.from({ length: 30 }, (_, at) => at + 1);

export const testTuning: ThresholdTuning = {
  kind: 'threshold.tune',
  version: 1,
  target: {
    kind: 'rule',
    id: 'r1',
    name: 'CPU busy',
    severity: 'warning',
    ruleKind: 'threshold',
    field: 'value',
    op: '>',
  },
  method: 'Thompson sampling over replayed thresholds.',
  sources: [],
  window: { from: 1, to: 3, heldOutFrom: 2 },
  episodes: { training: 60, heldOut: 20, lengthMs: 3_600_000, stepMs: 15_000 },
  weights: { useful: 1, noise: 1, missed: 5, page: 0.1, halfLifeMs: 900_000 },
  feedback: { useful: 6, noise: 14, missed: 1, unjudged: 3 },
  present: 0.8,
  proposed: 0.92,
  arms: [],
  convergence: rounds.map((round) => ({
    round,
    threshold: 0.8 + 0.01 * (round % 12),
    best: round < 8 ? 0.85 : 0.92,
    reward: 0.3,
    meanReward: 1 - 1 / round,
    regret: 4 * Math.log(1 + round),
    certainty: 1 - 1 / (1 + round),
  })),
  heldOut: [
    { name: 'proposed', value: 0.92, rewardPerDay: 1.4, pagesPerDay: 0.8, caught: 6, missed: 0, noise: 1 },
    { name: 'present', value: 0.8, rewardPerDay: -0.6, pagesPerDay: 4.2, caught: 6, missed: 0, noise: 14 },
  ],
  evaluation: {
    estimator: 'doubly robust',
    difference: { value: 2, low: 1.1, high: 2.9, confidence: 0.95 },
    importance: { value: 1.9, low: 0.6, high: 3.2, confidence: 0.95 },
    model: 2.1,
    support: 0.9,
  },
  guardRails: [
    { name: 'no-new-miss', held: true, why: 'It misses nothing that is told now.' },
    { name: 'support', held: false, why: 'Only 20 of 24 incidents were judged.' },
  ],
  verdict: 'better',
  explanation: 'At 0.92 it tells of the same six incidents, and of 13 less that were noise.',
  decision: 'proposed',
  proposal: 'p1',
  replays: { done: 30, all: 660 },
  seed: 1,
};
