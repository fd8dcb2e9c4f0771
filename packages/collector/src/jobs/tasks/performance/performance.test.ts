import { performanceSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createNoise } from '../../../stats/noise.ts';
import { nextRandomState, randomOf } from '../../../stats/random.ts';
import { createTestStorage } from '../../../storage/testing.ts';
import { testContext, type TestSeries } from '../../testing-context.ts';
import { curveOf, ratioOf, type CachePast } from './cache-curve.ts';
import { performanceAnalyse } from './performance-analyse.ts';
import { rightSize } from './right-size.ts';
import { analyseSubject, type ResourceInput } from './use-method.ts';

const db = await createTestStorage();
afterAll(() => db.drop());

const none = new Float64Array();
const flat = (value: number, length = 60): Float64Array => new Float64Array(length).fill(value);
const resource = (name: ResourceInput['resource'], more: Partial<ResourceInput> = {}): ResourceInput => ({
  resource: name,
  used: none,
  waiting: none,
  errors: undefined,
  tolerable: 1,
  query: `${name}_query`,
  ...more,
});

test.each([
  ['utilisation', { used: flat(0.85) }, 50],
  ['saturation', { waiting: flat(0.05) }, 50],
  ['errors', { errors: 0.25 }, 75],
])('a resource whose %s is half of what it bears holds its host up, and is named', (_, more, score) => {
  const subject = analyseSubject({
    kind: 'host',
    name: 'db',
    resources: [resource('cpu', { used: flat(0.2) }), resource('disk', more)],
  });
  expect(subject).toMatchObject({ score, bottleneck: { resource: 'disk', query: 'disk_query' } });
  expect(subject.bottleneck?.title).toMatch(/^db is held up by disk: /u);
});

test('nothing holds up a host with room, and what nobody measures is no bottleneck', () => {
  const subject = analyseSubject({
    kind: 'host',
    name: 'calm',
    resources: [resource('cpu', { used: flat(0.3), waiting: flat(0) }), resource('network')],
  });
  expect(subject).toMatchObject({ score: 100, bottleneck: null });
  expect(subject.checks[1]).toMatchObject({ utilisation: null, saturation: null, reason: 'nothing measures it' });
});

const keys = 2_000;
const keyBytes = 1_000;

/** Lookups by Zipf's law in a cache that drops what was used longest ago. */
function createCache(seed: number) {
  const shares = Array.from({ length: keys }, (_, key) => 1 / (key + 1));
  const sums = shares.reduce<number[]>((all, share) => [...all.slice(-keys), (all.at(-1) ?? 0) + share], []);
  const total = sums.at(-1) ?? 1;
  const held = new Map<number, true>();
  let state = seed;
  const next = (): number => {
    state = nextRandomState(state);
    const wanted = randomOf(state) * total;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (capacity: number, lookups: number): { hits: number; misses: number } => {
    let hits = 0;
    for (let lookup = 0; lookup < lookups; lookup++) {
      const key = next();
      if (held.delete(key)) hits++;
      held.set(key, true);
      for (const oldest of held.keys()) {
        if (held.size <= capacity) break;
        held.delete(oldest);
      }
    }
    return { hits, misses: lookups - hits };
  };
}

/** As it was measured while the cache was made larger from step to step. */
function measured(capacities: readonly number[]): CachePast {
  const look = createCache(3);
  const steps = capacities.map((capacity) => {
    // Until it is as full as it gets.
    look(capacity, 4_000);
    return { ...look(capacity, 4_000), bytes: capacity * keyBytes };
  });
  const column = (of: (step: (typeof steps)[number]) => number): Float64Array => Float64Array.from(steps, of);
  return {
    hits: column(({ hits }) => hits),
    misses: column(({ misses }) => misses),
    bytes: column(({ bytes }) => bytes),
  };
}

const truth = (capacity: number): number => {
  const look = createCache(9);
  look(capacity, 20_000);
  const { hits, misses } = look(capacity, 40_000);
  return hits / (hits + misses);
};

test('hit ratios by size are those that the cache really has, as far as it was measured', () => {
  const capacities = Array.from({ length: 96 }, (_, step) => 50 + step * 10);
  const { curve, curveTest } = curveOf(measured(capacities));
  for (const point of curve.filter(({ isMeasured }) => isMeasured)) {
    expect(Math.abs(point.ratio - truth(Math.round(point.bytes / keyBytes)))).toBeLessThan(0.03);
  }
  const ratios = curve.map(({ ratio }) => ratio);
  expect(ratios).toEqual(ratios.toSorted((a, b) => a - b));
  expect(curveTest).toMatchObject({ isBetter: true });
  expect(curveTest?.error).toBeLessThan(0.06);
  // Beyond all sizes that it had it is a guess, and says so.
  const far = curve.at(-1);
  expect(far).toMatchObject({ isMeasured: false, bytes: expect.any(Number) });
  expect(Math.abs((far?.ratio ?? 0) - truth(Math.round((far?.bytes ?? 0) / keyBytes)))).toBeLessThan(0.1);
});

test('beyond its working set a cache gains nothing; of one whose size never changed nothing is said', () => {
  // All that is ever asked for fits in 400 keys.
  const steps = 96;
  const bytes = Float64Array.from({ length: steps }, (_, step) => (10 + step) * 10_000);
  const hits = bytes.map((size) => Math.round(1_000 * Math.min(0.9, 0.9 * (size / 400_000))));
  const { workingSet } = curveOf({ hits, misses: hits.map((hit) => 1_000 - hit), bytes });
  expect(workingSet?.bytes).toBeGreaterThan(350_000);
  expect(workingSet?.bytes).toBeLessThan(520_000);
  const constant = { hits: flat(90, 96), misses: flat(10, 96), bytes: flat(1e6, 96) };
  expect(curveOf(constant)).toEqual({ curve: [], workingSet: null, curveTest: null });
  const { ratio, low, high } = ratioOf(constant);
  for (const one of [ratio, low, high]) expect(one).toBeCloseTo(0.9, 9);
});

const gib = 1024 ** 3;
test('a request by percentiles is smaller than by the maximum, does more often than by the mean, and says the risk', () => {
  const noise = createNoise(4);
  const steps = 288;
  // One core, and three for a step once an hour; one spike to eight.
  const cores = Float64Array.from({ length: steps }, (_, step) =>
    step === 40 ? 8 : Math.max(0.1, (step % 25 === 0 ? 3 : 1) + 0.05 * noise()),
  );
  const bytes = Float64Array.from({ length: steps }, () => gib * (1 + 0.02 * noise()));
  const size = rightSize({
    kind: 'container',
    name: 'web',
    host: 'a',
    has: { cores: 16, bytes: 8 * gib },
    cores,
    bytes,
  });
  expect(size?.request.cores).toBeGreaterThan(1);
  expect(size?.request.cores).toBeLessThan(2);
  expect(size?.byMaximum.cores).toBeGreaterThan(9);
  // 3 of 72 steps of the last quarter want three cores.
  expect(size?.risk.cpu).toBeCloseTo(3 / 72, 2);
  expect(size?.risk.cpuHigh).toBeGreaterThan(size?.risk.cpu ?? 1);
  expect(size).toMatchObject({ isBetter: true, risk: { memory: 0 } });
  expect(size?.risk.memoryHigh).toBeGreaterThan(0);
  expect(
    rightSize({
      kind: 'host',
      name: 'x',
      host: 'x',
      has: { cores: 1, bytes: gib },
      cores: flat(1, 9),
      bytes: flat(1, 9),
    }),
  ).toBeUndefined();
});

const now = Date.UTC(2026, 10, 30, 12);
function series(labels: Record<string, string>, valueAt: (minute: number) => number): TestSeries {
  const minutes = 25 * 60;
  const times = Float64Array.from({ length: minutes + 1 }, (_, at) => now - (minutes - at) * 60_000);
  return { labels, times, values: times.map((_, at) => valueAt(at)) };
}

test('the job reads hosts, containers, services and caches, and says in money what prompts save', async () => {
  const scope = await db.storage.tenants.ensure('acme');
  await db.storage.prices.set(scope, {
    coreHour: '0.03',
    gibHour: '0.004',
    models: [{ model: 'large', provider: '*', input: '3', output: '15', cachedInput: '0.3' }],
  });
  const host = { host: 'db' };
  const box = { ...host, kind: 'docker', name: 'web' };
  const redis = { ...host, name: 'sessions' };
  const tokens = (agent: string, type: string, perMinute: number) =>
    series({ __name__: 'llm_tokens_total', agent, provider: 'acme', model: 'large', type }, (at) => perMinute * at);
  const context = testContext(
    db.storage,
    scope,
    [
      series({ __name__: 'cpu_busy_ratio', cpu: 'all', ...host }, () => 0.2),
      series({ __name__: 'cpu_cores', ...host }, () => 8),
      series({ __name__: 'memory_used_ratio', ...host }, () => 0.97),
      series({ __name__: 'memory_total_bytes', ...host }, () => 16 * gib),
      series({ __name__: 'cgroup_cpu_seconds_total', ...box }, (at) => 30 * at),
      series({ __name__: 'cgroup_memory_working_set_bytes', ...box }, () => gib),
      series({ __name__: 'cgroup_memory_limit_bytes', ...box }, () => 4 * gib),
      series({ __name__: 'redis_keyspace_hits_total', ...redis }, (at) => 80 * at),
      series({ __name__: 'redis_keyspace_misses_total', ...redis }, (at) => 20 * at),
      series({ __name__: 'redis_memory_used_bytes', ...redis }, () => 1e6),
      series({ __name__: 'api_requests_total', service: 'shop', ...host }, (at) => 100 * at),
      series({ __name__: 'api_errors_total', service: 'shop', ...host }, (at) => 3 * at),
      tokens('plain', 'input', 1_000),
      tokens('caching', 'input', 100),
      tokens('caching', 'cached', 900),
    ],
    now,
  );
  const result = performanceSchema.parse(await performanceAnalyse.run({}, context));
  expect(result.subjects.find(({ kind, name }) => kind === 'host' && name === 'db')).toMatchObject({
    score: 10,
    bottleneck: { resource: 'memory', query: 'memory_used_ratio{host="db"}' },
  });
  // 3 of 100 calls fail, of 5 that are as bad as it gets.
  expect(result.subjects.find(({ name }) => name === 'shop')?.score).toBeCloseTo(40, 0);
  const cache = (id: string) => result.caches.find((one) => one.id === id);
  expect(cache('redis/sessions on db')).toMatchObject({ curve: [], workingSet: null, bytes: 1e6 });
  expect(cache('redis/sessions on db')?.ratio).toBeCloseTo(0.8, 3);
  // 900 tokens a minute x 60 x 730 h x (3 - 0.3) USD a million.
  expect(Number(cache('prompts/caching with large')?.saving?.now)).toBeCloseTo((900 * 60 * 730 * 2.7) / 1e6, 0);
  expect(Number(cache('prompts/plain with large')?.saving?.possible)).toBeCloseTo((900 * 60 * 730 * 2.7) / 1e6, 0);
  const web = result.rightSizes.find(({ kind }) => kind === 'container');
  // Half a core, and 15 % more.
  expect(web).toMatchObject({ name: 'web', has: { cores: 8, bytes: 4 * gib }, request: { cores: 0.58 } });
  expect(result.advice[0]).toMatchObject({ id: 'host/db/memory' });
  expect(result.parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
  await expect(performanceAnalyse.run({}, testContext(db.storage, scope, [], now))).rejects.toMatchObject({
    code: 'jobs/series',
  });
});
