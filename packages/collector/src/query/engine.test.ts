import { expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createEngine } from './engine.ts';
import { LabelSet } from './label-set.ts';
import type { EngineLimits, TenantLimits } from './limits.ts';
import { createMemoryReader } from './memory-reader.ts';
import type { SelectRequest, SeriesReader, StoredSeries } from './series-reader.ts';

const scope = { tenantId: 7, tenant: 'acme' };

function seriesOf(count: number, samples: number): readonly StoredSeries[] {
  return Array.from({ length: count }, (_, index) => ({
    labels: LabelSet.of([
      ['__name__', 'up'],
      ['host', `h${index}`],
    ]),
    column: {
      times: Float64Array.from({ length: samples }, (_, row) => row * 1000),
      values: Float64Array.from({ length: samples }, (_, row) => row + index),
    },
  }));
}

function engineOn(
  series: readonly StoredSeries[],
  options: {
    limits?: Partial<EngineLimits>;
    ofTenant?: Readonly<Record<string, TenantLimits>>;
    reader?: SeriesReader;
    now?: () => number;
    warned?: unknown[];
  } = {},
) {
  const { limits = {}, ofTenant = {}, reader = createMemoryReader(series), now = Date.now, warned = [] } = options;
  return createEngine({
    reader,
    limits,
    limitsOf: async ({ tenant }) => ofTenant[tenant] ?? {},
    now,
    log: { ...silentLog, warn: (message, fields) => warned.push({ message, ...fields }) },
  });
}

test('samples that are read and points that are computed count towards one limit', async () => {
  const engine = engineOn(seriesOf(10, 100), { limits: { samples: 500 } });
  const few = await engine.instant(scope, { query: 'up{host="h1"}', time: 90_000 });
  expect(few.statistics).toMatchObject({ samplesRead: 91, samplesHeld: 92 });
  await expect(engine.instant(scope, { query: 'up', time: 90_000 })).rejects.toMatchObject({
    code: 'query/too-many-samples',
    field: 'query',
  });
  const points = engine.range(scope, { query: 'up{host="h1"} + 1', start: 0, end: 90_000, stepMs: 100 });
  await expect(points).rejects.toMatchObject({ code: 'query/too-many-samples' });
});

test('a tenant may have limits of its own', async () => {
  const ofTenant = { small: { series: 3, samples: 40 } };
  const engine = engineOn(seriesOf(4, 10), { ofTenant });
  const [acme, small] = ['acme', 'small'].map((tenant, index) => ({ tenantId: index, tenant }));
  const ask = (who: typeof scope | undefined, query: string) => engine.instant(who ?? scope, { query, time: 9_000 });
  expect((await ask(acme, 'up')).data).toMatchObject({ samples: [{}, {}, {}, {}] });
  await expect(ask(small, 'up')).rejects.toMatchObject({
    code: 'query/too-many-series',
    message: 'query: expected at most 3 series in an evaluation; narrow the selectors',
  });
  expect((await ask(small, 'up{host=~"h[012]"}')).data).toMatchObject({ samples: [{}, {}, {}] });
  // Of all selectors together.
  const twice = ask(small, 'up{host=~"h[01]"} + up{host=~"h[12]"}');
  await expect(twice).rejects.toMatchObject({ code: 'query/too-many-series' });
  const many = ask(small, 'sum_over_time(up{host="h0"}[1m:1s])');
  await expect(many).rejects.toMatchObject({ code: 'query/too-many-samples' });
});

test.each([
  [{ start: 5, end: 4, stepMs: 1 }, 'query/range', 'end'],
  [{ start: 0, end: 4, stepMs: 0 }, 'query/range', 'step'],
  [{ start: 0, end: 11_001, stepMs: 1 }, 'query/too-many-points', 'step'],
])('a range of %j is refused with %s', async (times, code, field) => {
  await expect(engineOn([]).range(scope, { query: 'up', ...times })).rejects.toMatchObject({ code, field });
});

test('the reader is asked once per selector, for exactly the span that is looked at', async () => {
  const requests: SelectRequest[] = [];
  const reader: SeriesReader = {
    async select(_, request) {
      requests.push(request);
      return [];
    },
  };
  const query = 'up + rate(a[5m] offset 1m) + max_over_time(b[10m:1m]) + c @ 7 + sum_over_time(d[1m] @ end())';
  await engineOn([], { reader }).range(scope, { query, start: 3_600_000, end: 7_200_000, stepMs: 60_000 });
  expect(
    requests.map(({ matchers, from, to, hints }) => [matchers.at(-1)?.value, from, to, hints.rangeMs, hints.call]),
  ).toEqual([
    ['up', 3_300_001, 7_200_000, undefined, undefined],
    ['a', 3_240_001, 7_140_000, 300_000, 'rate'],
    // The first step of the subquery that is not at the open edge is a minute later.
    ['b', 2_760_001, 7_200_000, undefined, undefined],
    ['c', -292_999, 7_000, undefined, undefined],
    ['d', 7_140_001, 7_200_000, 60_000, 'sum_over_time'],
  ]);
});

test('a query ends when its client is gone, also in the middle of its work', async () => {
  const aborting = new AbortController();
  const reader: SeriesReader = {
    async select(scope, request) {
      const found = await createMemoryReader(seriesOf(100, 10)).select(scope, request);
      aborting.abort();
      return found;
    },
  };
  const answer = engineOn([], { reader }).instant(scope, { query: 'up', time: 1, signal: aborting.signal });
  await expect(answer).rejects.toMatchObject({ code: 'query/canceled' });
});

test('a query that takes too long ends by itself', async () => {
  const reader: SeriesReader = {
    select: (_, __, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  };
  const late = { code: 'query/timeout', message: 'query: expected an answer within 20 ms' };
  const engine = engineOn([], { reader, ofTenant: { hasty: { timeoutMs: 20 } } });
  await expect(engine.instant(scope, { query: 'up', time: 1, timeoutMs: 20 })).rejects.toMatchObject(late);
  const hasty = { tenantId: 8, tenant: 'hasty' };
  // A client may ask for less than its tenant has, not for more.
  await expect(engine.instant(hasty, { query: 'up', time: 1, timeoutMs: 60_000 })).rejects.toMatchObject(late);
});

test('others have their turn while a long query is evaluated', async () => {
  let at = 0;
  // A clock on which every look at it takes a long time.
  const engine = engineOn(seriesOf(50, 10), { now: () => (at += 11) });
  let turns = 0;
  let running = true;
  const other = (): void => {
    turns++;
    if (running) setImmediate(other);
  };
  setImmediate(other);
  await engine.instant(scope, { query: 'up', time: 5_000 });
  running = false;
  expect(turns).toBeGreaterThan(10);
});

test('a slow query is logged with its tenant, text and samples, a quick one is not', async () => {
  const warned: unknown[] = [];
  let at = 0;
  const engine = engineOn(seriesOf(2, 10), { now: () => (at += 3), warned, limits: { slowMs: 100 } });
  await engine.instant(scope, { query: 'up', time: 5_000 });
  expect(warned).toEqual([]);
  const slow = engineOn(seriesOf(2, 10), {
    now: () => (at += 100),
    warned,
    limits: { slowMs: 100, samples: 20 },
  });
  await slow.instant(scope, { query: 'sum(up)', time: 5_000 });
  expect(warned).toEqual([
    {
      message: 'a query was slow',
      tenant: 'acme',
      query: 'sum(up)',
      ms: expect.any(Number),
      samples: 12,
      outcome: 'answered',
    },
  ]);
});

test('a slow query that fails is logged as well', async () => {
  const warned: unknown[] = [];
  let at = 0;
  const slow = engineOn(seriesOf(2, 10), { now: () => (at += 100), warned, limits: { slowMs: 100, samples: 5 } });
  await expect(slow.instant(scope, { query: 'up', time: 9_000 })).rejects.toMatchObject({
    code: 'query/too-many-samples',
  });
  expect(warned).toMatchObject([{ query: 'up', samples: 20, outcome: 'failed' }]);
});

test('a chain of a thousand operators and the deepest nesting are evaluated', async () => {
  const engine = engineOn(seriesOf(1, 10));
  const chain = await engine.instant(scope, { query: `up${' + up'.repeat(999)}`, time: 1_000 });
  expect(chain.data).toMatchObject({ samples: [{ value: 1_000 }] });
  const nested = await engine.instant(scope, { query: `${'abs('.repeat(199)}up${')'.repeat(199)}`, time: 1_000 });
  expect(nested.data).toMatchObject({ samples: [{ value: 1 }] });
});
