import { costOptimizationSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createNoise } from '../../../stats/noise.ts';
import { createTestStorage } from '../../../storage/testing.ts';
import { testContext, type TestSeries } from '../../testing-context.ts';
import { costOptimization } from './cost-optimization.ts';
import { hostReport, type HostUse } from './host-cost.ts';
import { modelReport, type ModelUse } from './model-cost.ts';

const db = await createTestStorage();
afterAll(() => db.drop());

const week = 7 * 288;
const prices = { coreHour: 30_000_000, gibHour: 4_000_000 };
const gib = 1024 ** 3;

function host(name: string, busy: number, more: Partial<HostUse> = {}): HostUse {
  const noise = createNoise(5);
  return {
    host: name,
    cores: 8,
    memoryBytes: 16 * gib,
    cpu: Float64Array.from({ length: week }, () => Math.min(1, Math.max(0, busy * (1 + 0.1 * noise())))),
    memory: new Float64Array(week).fill(0.2),
    steps: week,
    ...more,
  };
}

test('a host that needs a quarter of its cores gets a size that does, with the arithmetic to the cent', () => {
  const report = hostReport(host('big', 0.2), prices);
  // 730 h x (8 x 0.03 + 16 x 0.004) = 221.92; 3 cores and 4 GiB: 730 x (0.09 + 0.016) = 77.38.
  expect(report).toMatchObject({ monthly: 221_920_000_000, wanted: { cores: 3, gib: 4 } });
  expect(report.finding).toMatchObject({ kind: 'over-provisioned', saving: 144_540_000_000, confidence: 1 });
  expect(report.finding?.arithmetic).toBe(
    '730 h x (8 cores x 0.03 + 16 GiB x 0.004) = 221.92 USD - 730 h x (3 cores x 0.03 + 4 GiB x 0.004) = 77.38 USD = 144.54 USD a month',
  );
});

test('sizes by percentiles cost less than by the maximum, and overflow less often than by the mean', () => {
  const noise = createNoise(9);
  // Busy for two hours a day, and once for ten minutes with everything.
  const cpu = Float64Array.from({ length: week }, (_, at) =>
    at === 100 || at === 101 ? 1 : Math.max(0, (at % 288 < 24 ? 0.5 : 0.05) + 0.01 * noise()),
  );
  const { overflow, monthlyOf } = hostReport(host('spiky', 0, { cpu }), prices);
  expect(overflow.wanted).toBeLessThan(overflow.byMean);
  expect(monthlyOf.wanted).toBeLessThan(monthlyOf.byMaximum);
  expect(overflow.wanted).toBe(0);
});

test('an idle host is all saving, a busy one none, and a short past is little confidence', () => {
  expect(hostReport(host('idle', 0.005), prices).finding).toMatchObject({
    kind: 'idle-host',
    saving: 221_920_000_000,
    confidence: 1,
  });
  const memory = new Float64Array(week).fill(0.75);
  expect(hostReport(host('busy', 0.65, { memory }), prices).finding).toBeUndefined();
  const day = host('new', 0.005);
  const young = { ...day, cpu: day.cpu.subarray(0, 288), memory: day.memory.subarray(0, 288) };
  expect(hostReport(young, prices).finding?.confidence).toBeCloseTo(1 / 49, 3);
});

const table = [
  { model: 'large-*', provider: '*', input: '3', output: '15', cachedInput: '0.3' },
  { model: 'small', provider: '*', input: '0.25', output: '1.25' },
];
const use = (agent: string, more: Partial<ModelUse> = {}): ModelUse => ({
  agent,
  provider: 'acme',
  model: 'large-1',
  calls: 1_000,
  failed: 0,
  tokens: { input: 1_000_000, cached: 0, cacheWrite: 0, output: 100_000 },
  ...more,
});

test('what models cost is exact, and prompts that could be cached are a saving, by what another agent shows', () => {
  const cached = { input: 100_000, cached: 900_000, cacheWrite: 0, output: 100_000 };
  const report = modelReport([use('plain'), use('caching', { tokens: cached })], table, 1);
  // 3 + 1.5, and 0.3 + 0.27 + 1.5.
  expect(report.cost).toBe(6_570_000_000);
  expect(report.findings).toMatchObject([
    // 900,000 tokens x (3 - 0.3) USD a million.
    { kind: 'uncached-prompts', subject: 'plain with large-1', saving: 2_430_000_000, monthly: 4_500_000_000 },
  ]);
  // A quarter of a month was looked at.
  expect(modelReport([use('plain'), use('caching', { tokens: cached })], table, 0.25).findings[0]?.saving).toBe(
    9_720_000_000,
  );
});

test('a dearer model than needed is one only where both are known to be as accurate', () => {
  const small = use('cheap', { model: 'small', accuracy: 0.91 });
  const [found] = modelReport([use('dear', { accuracy: 0.915 }), small], table, 1).findings;
  // 4.50 - (0.25 + 0.125).
  expect(found).toMatchObject({ kind: 'dear-model', saving: 4_125_000_000, confidence: 0.8 });
  expect(modelReport([use('dear', { accuracy: 0.99 }), small], table, 1).findings).toEqual([]);
  expect(modelReport([use('dear'), small], table, 1).findings).toEqual([]);
});

test('failed calls and long contexts are found; a model without a price is told of, and not free', () => {
  const failing = modelReport([use('failing', { failed: 200 })], table, 1);
  expect(failing.findings).toMatchObject([{ kind: 'failed-calls', saving: 600_000_000 }]);
  const long = use('long', { tokens: { input: 10_000_000, cached: 0, cacheWrite: 0, output: 100_000 } });
  expect(modelReport([use('a'), use('b'), long], table, 1).findings).toMatchObject([
    // A call reads 10,000 tokens instead of 1,000.
    { kind: 'long-context', subject: 'long with large-1', saving: 27_000_000_000 },
  ]);
  const unknown = modelReport([use('x', { model: 'unheard-of' })], table, 1);
  expect(unknown).toEqual({ cost: 0, findings: [], unpriced: ['acme/unheard-of'] });
});

test('the job reads hosts and models, and its score is what is left of the cost', async () => {
  const scope = await db.storage.tenants.ensure('acme');
  const now = Date.UTC(2026, 10, 30);
  await db.storage.prices.set(scope, { coreHour: '0.03', gibHour: '0.004', models: table });
  const at = (labels: Record<string, string>, value: (step: number) => number): TestSeries => {
    const times = Float64Array.from({ length: 288 }, (_, step) => now - (287 - step) * 300_000);
    return { labels, times, values: times.map((_, step) => value(step)) };
  };
  const idle = { host: 'idle' };
  const agent = { agent: 'triage', provider: 'acme', model: 'large-1' };
  const series = [
    at({ __name__: 'cpu_busy_ratio', cpu: 'all', ...idle }, () => 0.001),
    at({ __name__: 'cpu_cores', ...idle }, () => 2),
    at({ __name__: 'memory_total_bytes', ...idle }, () => 4 * gib),
    at({ __name__: 'memory_available_bytes', ...idle }, () => 3 * gib),
    at({ __name__: 'llm_tokens_total', type: 'input', ...agent }, (step) => 1_000 * step),
    at({ __name__: 'llm_calls_total', ...agent }, (step) => step),
  ];
  const context = testContext(db.storage, scope, series, now);
  const result = costOptimizationSchema.parse(await costOptimization.run({ days: 1 }, context));
  expect(result.findings).toMatchObject([{ kind: 'idle-host', subject: 'idle', monthly: '55.48' }]);
  const [monthly, saving] = [Number(result.monthly), Number(result.saving)];
  // About 288,000 tokens a day at 3 USD a million.
  expect(monthly).toBeCloseTo(55.48 + 0.864 * (730 / 24), 0);
  expect(result.score).toBe(Math.round(100 * (1 - saving / monthly)));
  await expect(costOptimization.run({}, testContext(db.storage, scope, [], now))).rejects.toMatchObject({
    code: 'jobs/series',
    retryable: false,
  });
});

test('a host that was made smaller is judged by what it has now, also for the time before', async () => {
  const scope = await db.storage.tenants.ensure('resized');
  const now = Date.UTC(2026, 10, 30);
  const resizedAt = now - 3 * 3_600_000;
  const of = (name: string, before: number, after: number, more: Record<string, string> = {}): TestSeries => {
    const times = Float64Array.from({ length: 289 }, (_, step) => now - (288 - step) * 300_000);
    const labels = { __name__: name, host: 'a', ...more };
    return { labels, times, values: times.map((time) => (time < resizedAt ? before : after)) };
  };
  const series = [
    of('cpu_busy_ratio', 0.15, 0.6, { cpu: 'all' }),
    of('cpu_cores', 8, 2),
    of('memory_total_bytes', 16 * gib, 4 * gib),
    of('memory_available_bytes', 13 * gib, gib),
  ];
  const { hosts, findings } = costOptimizationSchema.parse(
    await costOptimization.run({ days: 1 }, testContext(db.storage, scope, series, now)),
  );
  expect(hosts).toMatchObject([{ size: { cores: 2, gib: 4 }, wanted: { cores: 2, gib: 4 }, overflow: { wanted: 0 } }]);
  expect(findings).toEqual([]);
});
