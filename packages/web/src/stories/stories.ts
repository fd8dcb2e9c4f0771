/** Every element in every state that it can be in, with fake data: for the page of stories, accessibility and pictures. */
import type { AnomalyEvent } from '@tarsier/protocol';
import { define, elements } from '../define.ts';
import { RequestError } from '../data/rest.ts';
import type { HeldSeries } from '../data/source.ts';
import { createFakeSource, heldSeries } from '../testing/fake-source.ts';
import { testChanges, testChart, testIncident, testMatrix, testView } from '../testing/incidents.ts';
import {
  testBudgets,
  testOptimisation,
  testPerformance,
  testRebalance,
  testRecommendation,
} from '../testing/money-results.ts';
import { testComparison, testCost, testForecastTraining, testJob, testTuning } from '../testing/results.ts';

export const states = ['ready', 'loading', 'empty', 'stale', 'partial', 'error', 'denied', 'offline'] as const;
export type StoryState = (typeof states)[number];

type Fake = ReturnType<typeof createFakeSource>;

interface ElementStory {
  readonly tag: keyof HTMLElementTagNameMap;
  readonly attributes?: Readonly<Record<string, string>>;
  /** What the collector has; of series, how old they are. */
  readonly fill: (fake: Fake, ageMs: number) => void;
  /** Those that it has beside being ready, loading, failed and refused. */
  readonly also?: readonly StoryState[];
}

const busy = new RequestError(503, {
  code: 'storage/unavailable',
  message: 'The database does not answer.',
  retryable: true,
});
const refused = new RequestError(403, { code: 'auth/scope', message: 'needs read', retryable: false });
const minuteMs = 60_000;

const wave = (phase: number, count = 300): readonly number[] =>
  Array.from({ length: count }, (_, i) => 0.4 + 0.3 * Math.sin(i / 24 + phase) + 0.04 * Math.sin(i * 1.7 + phase));
function cpu(ageMs: number): readonly HeldSeries[] {
  const newest = Date.now() - ageMs;
  return ['web-1', 'web-2', 'db-1'].map((host, i) => heldSeries('cpu_busy_ratio', { host }, wave(i), newest));
}

function anomalyEvent(): AnomalyEvent {
  const start = Date.now() - 2 * minuteMs;
  return {
    id: 'e1',
    host: 'db-1',
    start,
    peakAt: start + 20_000,
    peakSurprise: 7.2,
    peakRatio: 0.2,
    page: true,
    detectors: ['zscore'],
    seriesCount: 12,
    reason: 'CPU and load were far above usual',
    contributors: [
      {
        metric: 'cpu_busy_ratio',
        labels: { host: 'db-1' },
        detectors: ['zscore'],
        since: start,
        strength: 9,
        peakScore: 8,
        peakAt: start + 20_000,
        value: 0.97,
        expected: 0.2,
        low: 0.1,
        high: 0.3,
      },
    ],
  };
}

function fillChart(fake: Fake, ageMs: number): void {
  const event = anomalyEvent();
  fake.hold(cpu(ageMs));
  if (ageMs > 0) return;
  fake.anomalies.set([
    {
      id: 'a1',
      host: 'db-1',
      metric: 'cpu_busy_ratio',
      labels: { host: 'db-1' },
      detector: 'zscore',
      start: event.start,
      end: event.start + 30_000,
      peakScore: 8,
      peakAt: event.peakAt,
      value: 0.97,
      expected: 0.2,
      reason: 'far above its own past',
    },
  ]);
  fake.events.set([event]);
  const band = (confidence: number): object => {
    const times = Array.from({ length: 12 }, (_, i) => Date.now() + i * 10_000);
    const width = confidence * 0.2;
    return {
      confidence,
      forecasts: [
        {
          metric: { __name__: 'cpu_busy_ratio', host: 'web-1' },
          model: 'trend',
          times,
          median: times.map(() => 0.5),
          low: times.map((_, i) => 0.5 - (width * i) / 12),
          high: times.map((_, i) => 0.5 + (width * i) / 12),
        },
      ],
    };
  };
  fake.answers.set('/v1/forecast', (path: string) =>
    band(Number(new URLSearchParams(path.split('?')[1]).get('confidence'))),
  );
}

function fillJobs(fake: Fake, type: string, result: unknown): void {
  const job = testJob('j1', { type, result });
  const points = [1, 2, 3, 4].map((epoch) => ({
    kind: 'progress',
    number: epoch,
    at: epoch,
    metrics: { epoch, trainingLoss: 1 / epoch, validationLoss: 1.2 / epoch, skill: 0.1 * epoch },
  }));
  fake.answers.set('/v1/jobs?', { jobs: [job] });
  fake.answers.set('/v1/jobs/j1', { job });
  fake.answers.set('/v1/jobs/j1/events', { events: points });
}

const matrix = (path: string): object => {
  const parameters = new URLSearchParams(path.split('?')[1]);
  const [start, end] = [Number(parameters.get('start')), Number(parameters.get('end'))];
  const step = Number.parseInt(parameters.get('step') ?? '5', 10);
  const values = Array.from({ length: Math.floor((end - start) / step) }, (_, i) => [
    start + i * step,
    String(0.5 + 0.2 * Math.sin(i / 9)),
  ]);
  return { data: { result: [{ metric: { __name__: 'cpu_busy_ratio', host: 'db-1' }, values }] } };
};

const series = { label: 'CPU', selector: 'cpu_busy_ratio' } as const;
const ofSeries: readonly StoryState[] = ['empty', 'stale', 'offline'];
const ofJob = (type: string, result: unknown) => ({
  fill: (fake: Fake) => fillJobs(fake, type, result),
  also: ['empty'] as const,
});

const hosts = [
  { host: 'web-1', lastSeen: Date.now(), series: 200, state: 'up' },
  { host: 'db-1', lastSeen: Date.now() - 60 * minuteMs, series: 200, state: 'stale' },
] as const;

export const stories: readonly ElementStory[] = [
  {
    tag: 'tarsier-chart',
    attributes: { ...series, forecast: '2m', threshold: '0.75', editable: '' },
    fill: fillChart,
    also: [...ofSeries, 'partial'],
  },
  { tag: 'tarsier-stat', attributes: series, fill: (fake, ageMs) => fake.hold(cpu(ageMs)), also: ofSeries },
  {
    tag: 'tarsier-gauge',
    attributes: { ...series, warning: '0.7', critical: '0.9' },
    fill: (fake, ageMs) => fake.hold(cpu(ageMs)),
    also: ofSeries,
  },
  { tag: 'tarsier-sparkline', attributes: series, fill: (fake, ageMs) => fake.hold(cpu(ageMs)), also: ofSeries },
  { tag: 'tarsier-heatmap', attributes: series, fill: (fake, ageMs) => fake.hold(cpu(ageMs)), also: ofSeries },
  { tag: 'tarsier-optimisation-score', fill: fillMoney, also: ['empty'] },
  { tag: 'tarsier-budget', fill: fillMoney, also: ['empty'] },
  { tag: 'tarsier-training', ...ofJob('forecast.train', testForecastTraining) },
  { tag: 'tarsier-convergence', ...ofJob('threshold.tune', testTuning) },
  { tag: 'tarsier-model-matrix', ...ofJob('models.compare', testComparison) },
  { tag: 'tarsier-cost', ...ofJob('cost_optimization', testCost) },
  { tag: 'tarsier-performance', ...ofJob('performance.analyse', testPerformance) },
  {
    tag: 'tarsier-health',
    attributes: { host: 'db-1' },
    fill(fake, ageMs) {
      fake.hold(cpu(ageMs));
      fake.events.set([anomalyEvent()]);
      fake.answers.set('/v1/anomalies/events', { events: [anomalyEvent()] });
      fake.answers.set('/v1/forecast', {
        forecasts: [{ metric: { mount: '/var' }, crossing: { at: Date.now() + 180 * minuteMs } }],
      });
    },
  },
  {
    tag: 'tarsier-alert-list',
    fill(fake) {
      const now = Date.now();
      fake.answers.set('/v1/incidents?', {
        incidents: [
          testIncident('bad', now, { title: 'Latency high on web-1' }),
          testIncident('mild', now, { title: 'Disk filling', severity: 'warning', priority: { score: 20, parts: [] } }),
        ],
      });
    },
    also: ['empty'],
  },
  {
    tag: 'tarsier-incident',
    attributes: { incident: 'i1' },
    fill(fake) {
      const now = Date.now();
      fake.answers.set('/v1/incidents/i1', testView(testIncident('i1', now), now));
      fake.answers.set('/v1/incidents/i1/changes', testChanges(now));
      fake.answers.set('/v1/incidents/i1/chart', testChart(now));
      fake.answers.set('/v1/query_range', testMatrix(now));
      fake.alerts.set({ kind: 'ready', value: [] });
    },
  },
  {
    tag: 'tarsier-host-grid',
    attributes: { selected: 'web-1' },
    fill(fake, ageMs) {
      fake.hosts.set({ kind: 'ready', value: hosts });
      fake.hold(cpu(ageMs));
    },
    also: ['empty'],
  },
  {
    tag: 'tarsier-host',
    attributes: { host: 'web-1' },
    fill(fake, ageMs) {
      fake.hosts.set({ kind: 'ready', value: hosts });
      fake.hold(cpu(ageMs));
      fake.answers.set('/v1/forecast', { forecasts: [] });
    },
  },
  {
    tag: 'tarsier-jobs',
    fill(fake) {
      const states = ['running', 'waiting', 'succeeded', 'failed'] as const;
      const jobs = states.map((state, i) =>
        testJob(`j${i}`, {
          state,
          ...(state === 'running' ? { progress: { ratio: 0.4 } } : {}),
          ...(state === 'failed'
            ? { error: { code: 'jobs/timeout', message: 'it took too long', retryable: false } }
            : {}),
        }),
      );
      fake.answers.set('/v1/jobs?', { jobs });
    },
    also: ['empty'],
  },
  {
    tag: 'tarsier-job-queue',
    fill(fake) {
      const lanes = [
        { type: '*', waiting: 3, running: 2, maxRunning: 4, paused: false },
        { type: 'forecast.train', waiting: 1, running: 1, maxRunning: 1, paused: true },
      ];
      fake.answers.set('/v1/jobs/queue', { lanes, weight: 1, workers: 2, slots: 2 });
      fake.answers.set('/v1/job-schedules', { schedules: [] });
    },
  },
  {
    tag: 'tarsier-usage',
    fill(fake) {
      fake.answers.set('/v1/limits', {
        tier: 'free',
        limits: [
          { name: 'hosts', key: '', value: 5, unit: 'hosts', source: 'tier', used: 5 },
          { name: 'series', key: '', value: 5000, unit: 'active series', source: 'tier', used: 1200 },
          { name: 'requests', key: '', value: 20, unit: 'requests per second', source: 'tenant', used: null },
        ],
      });
    },
    also: ['empty'],
  },
  {
    tag: 'tarsier-anomaly-timeline',
    attributes: { range: '15m' },
    fill: (fake) => fake.answers.set('/v1/anomalies/events', { events: [anomalyEvent()] }),
    also: ['empty'],
  },
  { tag: 'tarsier-time-range', fill: () => undefined },
  { tag: 'tarsier-connection', fill: () => undefined, also: ['offline'] },
  {
    tag: 'tarsier-onboarding',
    fill(fake) {
      fake.answers.set('/v1/enrol-tokens', { token: 'tsr_enrol_x', expiresAt: Date.now() + 60 * minuteMs });
      fake.hosts.set({ kind: 'ready', value: [] });
    },
  },
];

function fillMoney(fake: Fake): void {
  fake.answers.set('/v1/budgets', { budgets: testBudgets });
  fake.answers.set('/v1/rebalances?', { rebalances: [testRebalance] });
  fake.answers.set('/v1/optimisation', testOptimisation);
  fake.answers.set('/v1/recommendations?', { recommendations: [testRecommendation] });
}

/** Controls have nothing to load. */
const always = new Set<string>(['tarsier-time-range', 'tarsier-connection']);

export function statesOf({ tag, also = [] }: ElementStory): readonly StoryState[] {
  const own: readonly StoryState[] = always.has(tag) ? ['ready'] : ['ready', 'loading', 'error', 'denied'];
  return states.filter((state) => own.includes(state) || also.includes(state));
}

/** The element in a state, within its provider. */
export function show(story: ElementStory, state: StoryState): HTMLElement {
  define(elements);
  const fake = createFakeSource();
  fake.answers.set('/v1/query_range', matrix);
  fake.answers.set('/v1/series', { series: [{ name: 'cpu_busy_ratio', kind: 'gauge', unit: 'ratio' }] });
  fake.answers.set('/v1/anomalies', { anomalies: [] });
  fake.answers.set('/v1/anomalies/events', { events: [] });
  enter(story, state, fake);
  const provider = document.createElement('tarsier-provider');
  provider.source = fake.source;
  const element = document.createElement(story.tag);
  for (const [name, value] of Object.entries(story.attributes ?? {})) element.setAttribute(name, value);
  if (story.tag === 'tarsier-chart' && state === 'partial') {
    element.removeAttribute('selector');
    for (const expr of ['avg(cpu_busy_ratio)', 'bad(']) {
      const query = document.createElement('tarsier-query');
      query.setAttribute('expr', expr);
      element.append(query);
    }
  }
  provider.append(element);
  return provider;
}

function enter(story: ElementStory, state: StoryState, fake: Fake): void {
  switch (state) {
    case 'ready':
      return story.fill(fake, 0);
    case 'stale':
      return story.fill(fake, 2 * minuteMs);
    case 'partial':
      story.fill(fake, 0);
      fake.answers.set('/v1/query_range', (path: string) => (path.includes('bad') ? busy : matrix(path)));
      return;
    case 'empty':
      fake.hosts.set({ kind: 'ready', value: [] });
      fake.hold([]);
      fake.answers.set('/v1/jobs?', { jobs: [] });
      fake.answers.set('/v1/incidents?', { incidents: [] });
      fake.answers.set('/v1/budgets', { budgets: [] });
      fake.answers.set('/v1/rebalances?', { rebalances: [] });
      fake.answers.set('/v1/limits', { tier: 'free', limits: [] });
      fake.answers.set('/v1/recommendations?', { recommendations: [] });
      fake.answers.set('/v1/optimisation', { ...testOptimisation, parts: [] });
      return;
    case 'loading':
      fake.answers.clear();
      fake.answers.set('/v1/', () => new Promise(() => {}));
      return;
    case 'error':
    case 'denied': {
      const error = state === 'error' ? busy : refused;
      fake.answers.clear();
      fake.answers.set('/v1/', error);
      fake.hosts.set({ kind: 'failed', error });
      fake.alerts.set({ kind: 'failed', error });
      fake.hold([], { kind: 'failed', error });
      return;
    }
    case 'offline':
      fake.connection.set({ kind: 'offline', since: Date.now(), attempt: 2, retryAt: Date.now() + 8_000 });
      fake.hold([], { kind: 'loading' });
  }
}
