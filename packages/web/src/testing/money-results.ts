/** Budgets, scores and performance as the collector tells of them, for tests of their views. */
import type { BudgetState, Optimisation, Performance, Rebalance, Recommendation } from '@tarsier/protocol/api';

export const testBudgets: readonly BudgetState[] = [
  {
    id: 'b1',
    kind: 'agent',
    target: 'support-bot',
    period: 'month',
    amount: '10.00',
    weight: 1,
    automatic: false,
    spent: '9.70',
  },
  {
    id: 'b2',
    kind: 'model',
    target: 'large-1',
    period: 'month',
    amount: '20.00',
    weight: 1,
    automatic: false,
    spent: '4.00',
    unpriced: ['small-9'],
  },
];

const move = {
  kind: 'agent',
  bounds: { low: '5.00', high: '15.00' },
  demand: { mean: '13.00', low: '11.00', high: '15.00' },
  served: { from: '9.90', to: '12.20' },
  marginal: { from: 0.9, to: 0.6 },
  success: 0.98,
  exhausted: { periods: 3, of: 4 },
  confidence: 0.92,
} as const;

export const testRebalance: Rebalance = {
  kind: 'budget.rebalance',
  version: 1,
  id: 'r1',
  createdAt: 1,
  state: 'proposed',
  currency: 'USD',
  period: 'month',
  method: 'Equal marginal value.',
  total: { from: '30.00', to: '30.00' },
  moves: [
    {
      ...move,
      budget: 'b1',
      target: 'support-bot',
      from: '10.00',
      to: '12.50',
      delta: '2.50',
      reason: 'It was spent wholly in 3 of 4 months.',
    },
    {
      ...move,
      budget: 'b2',
      kind: 'model',
      target: 'large-1',
      from: '20.00',
      to: '17.50',
      delta: '-2.50',
      reason: 'A quarter of it was used.',
    },
  ],
  unmet: { from: { mean: '3.00', low: '1.00', high: '5.00' }, to: { mean: '0.80', low: '0.00', high: '2.00' } },
  gain: { mean: '2.20', low: '1.10', high: '3.40' },
  isBetter: true,
  verdict: 'Better than as it was on days that it did not know.',
  unpriced: [],
  left: [],
};

const part = { weight: 0.5, points: 40, reason: 'CPU was busy for 62 % at most.' } as const;

export const testOptimisation: Optimisation = {
  version: 1,
  at: 1,
  method: 'Weighted parts.',
  tenant: {
    kind: 'tenant',
    name: '*',
    score: 78.4,
    interval: { low: 74, high: 82 },
    previous: 75,
    hosts: 2,
    parts: [
      { ...part, id: 'headroom', label: 'Headroom', score: 80 },
      {
        ...part,
        id: 'error-budget',
        label: 'Error budget',
        score: null,
        weight: 0,
        points: 0,
        reason: 'No rule says what an error is.',
      },
    ],
  },
  groups: [],
  hosts: [
    {
      kind: 'host',
      name: 'db-1',
      score: 61,
      interval: { low: 55, high: 66 },
      hosts: 1,
      parts: [{ ...part, id: 'saturation', label: 'Saturation', score: 61 }],
    },
  ],
};

export const testRecommendation: Recommendation = {
  id: 'rec1',
  kind: 'headroom',
  subject: { kind: 'host', name: 'db-1' },
  title: 'Give db-1 two cores more',
  reason: 'Its CPU waited for a tenth of the time.',
  arithmetic: '61 + 0.5 x 20',
  gain: { subject: 10, tenant: 5.2, low: 6, high: 13 },
  saving: '12.40',
  effort: 'low',
  confidence: 0.8,
  state: 'open',
  createdAt: 1,
  changedAt: 1,
};

const mebi = 1_048_576;

export const testPerformance: Performance = {
  kind: 'performance.analyse',
  version: 1,
  at: 2,
  window: { from: 1, to: 2 },
  method: 'USE (Gregg 2013).',
  score: 71,
  parts: [{ id: 'cpu', label: 'CPU', score: 64, weight: 0.5 }],
  subjects: [
    {
      kind: 'host',
      name: 'db-1',
      score: 58,
      interval: { low: 50, high: 64 },
      bottleneck: {
        resource: 'disk',
        title: 'Its disk was busy all the time',
        impact: 0.42,
        query: 'disk_busy_ratio{host="db-1"}',
      },
      checks: [],
    },
  ],
  caches: [
    {
      id: 'c1',
      kind: 'redis',
      name: 'sessions',
      hits: 900,
      misses: 100,
      ratio: 0.9,
      interval: { low: 0.88, high: 0.92 },
      evictions: 3,
      bytes: 64 * mebi,
      workingSet: { bytes: 96 * mebi, reason: 'The curve is flat from there on.' },
      curve: [16, 32, 64, 128].map((size, at) => ({
        bytes: size * mebi,
        ratio: 0.6 + 0.1 * at,
        low: 0.55 + 0.1 * at,
        high: Math.min(1, 0.65 + 0.1 * at),
        isMeasured: at < 3,
      })),
      curveTest: null,
      saving: null,
      history: { t: [1, 2], v: [0.88, 0.9] },
    },
  ],
  rightSizes: [
    {
      kind: 'host',
      name: 'web-1',
      host: 'web-1',
      has: { cores: 8, bytes: 16_384 * mebi },
      request: { cores: 3, bytes: 4_096 * mebi },
      risk: { cpu: 0.001, memory: 0, cpuHigh: 0.01, memoryHigh: 0.01 },
      byMaximum: { cores: 5, bytes: 6_144 * mebi },
      byMean: { cores: 1, bytes: 2_048 * mebi },
      riskByMaximum: 0,
      riskByMean: 0.3,
      isBetter: true,
      reason: 'Its busiest hour took 2.1 cores.',
    },
  ],
  advice: [
    {
      id: 'a1',
      title: 'Put the log of db-1 on another disk',
      impact: 0.42,
      reason: 'It writes 80 % of it.',
      query: '',
    },
  ],
};
