import type { UnixMs } from '@tarsier/protocol';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { defaultPolicy } from '../storage/compaction/compactor.ts';
import { toNewBatch, type PlainBatch } from '../storage/compaction/testing.ts';
import { dayMs, hourMs, minuteMs } from '../storage/hours.ts';
import { createTestStorage } from '../storage/testing.ts';
import { createEngine, type QueryData } from './engine.ts';
import { rollupFunctions } from './functions/rollup-functions.ts';
import { LabelSet } from './label-set.ts';
import { createQuery } from './query.ts';
import type { SeriesReader } from './series-reader.ts';
import { createStorageReader } from './storage-reader.ts';

const t0 = Date.UTC(2026, 10, 24, 6);
/** Hours of samples: the last of them are not sealed yet. */
const hours = 30;
const end = t0 + hours * hourMs;
const { storage, drop } = await createTestStorage(() => t0);
afterAll(drop);
for (let day = 0; day < 4; day++) await storage.ensurePartitions(t0 + day * dayMs);
const scope = await storage.tenants.ensure('default');
const query = createQuery({ storage });

/** Which door was used. */
let read = { samples: 0, rollups: 0 };
const counting: typeof query = {
  ...query,
  samples(...asked) {
    read.samples++;
    return query.samples(...asked);
  },
  rollups(...asked) {
    read.rollups++;
    return query.rollups(...asked);
  },
};
const engine = createEngine({ reader: createStorageReader({ query: counting }), log: silentLog });
const bySamples: SeriesReader = {
  async select(_, request) {
    const found = await query.samples(scope, request);
    return found.map(({ series, column }) => ({ labels: LabelSet.ofSeries(series), column }));
  },
};
const sampleEngine = createEngine({ reader: bySamples, log: silentLog });

/** A gauge with halves, a counter that is set back now and then, at times that are not quite even; some are missing. */
function batches(host: string, seed: number): PlainBatch[] {
  let state = seed;
  const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  let served = 0;
  const made: PlainBatch[] = [];
  for (let start = t0, seq = 0; start < end; start += 30 * minuteMs, seq++) {
    // Half an hour of nothing, once in a while.
    if (random() < 0.1) continue;
    const ticks = Array.from({ length: 150 }, (_, row) => {
      served = random() < 0.01 ? Math.floor(random() * 5) : served + Math.floor(random() * 100);
      const used = random() < 0.1 ? undefined : Math.floor(random() * 200) / 2 - 50;
      return { at: start + 1 + row * 12_000 + Math.floor(random() * 3_000), values: [used, served] };
    });
    made.push({ host, epoch: 1, seq, series: ['0', '1'], ticks });
  }
  return made;
}

const put = async (...some: readonly PlainBatch[]): Promise<void> => {
  await storage.batches.insert(await Promise.all(some.map((batch) => toNewBatch(storage, scope, batch))));
};
for (const [at, host] of ['a', 'b', 'c'].entries()) await put(...batches(host, at + 1));
// An infinity is no plain number: what is made of it depends on each sample.
await put({ host: 'd', epoch: 1, seq: 0, series: ['0'], ticks: [{ at: t0 + hourMs + 5, values: [Infinity] }] });
const eager = { ...defaultPolicy, coldMs: 0, sealAfterMs: 3 * hourMs, settleMs: 0, resealAfterMs: 0 };
await storage.createCompactor(silentLog, eager).run(end);
// Late: of an hour that is sealed.
const late = { at: t0 + 2 * hourMs + 7_000, values: [1_000, 1_000_000] };
await put({ host: 'a', epoch: 2, seq: 0, series: ['0', '1'], ticks: [late] });

interface Asked {
  readonly start?: UnixMs;
  readonly stepMs?: number;
}

async function ask(on: typeof engine, text: string, { start = t0 + 6 * hourMs, stepMs = 10 * minuteMs }: Asked = {}) {
  return points((await on.range(scope, { query: text, start, end, stepMs })).data);
}

function points(data: QueryData): Record<string, [UnixMs, number][]> {
  if (data.kind !== 'matrix') throw new TypeError(`expected a matrix, got ${data.kind}`);
  return Object.fromEntries(
    data.series.map(({ labels, times, values }) => [
      labels.toString(),
      Array.from(times, (time, row): [UnixMs, number] => [time, values[row] ?? Number.NaN]),
    ]),
  );
}

/** Sums of many halves are exact; where something is divided the last digit may differ. */
function expectSame(found: ReturnType<typeof points>, expected: ReturnType<typeof points>): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [series, own] of Object.entries(expected)) {
    expect(found[series]?.map(([time]) => time)).toEqual(own.map(([time]) => time));
    for (const [row, [, value]] of own.entries()) {
      const got = found[series]?.[row]?.[1] ?? Number.NaN;
      if (got === value) continue;
      expect(Math.abs(got - value), `${series} ${got} for ${value}`).toBeLessThan(1e-12 * Math.abs(value) + 1e-12);
    }
  }
}

const functions = Object.keys(rollupFunctions);
const aligned: readonly (readonly [range: string, asked: Asked])[] = [
  ['1m', {}],
  ['10m', { start: t0 + 2 * hourMs + minuteMs }],
  ['90m', { start: t0 + 100 * minuteMs, stepMs: 7 * minuteMs }],
  ['1h', { start: t0 + hourMs, stepMs: hourMs }],
  ['6h', { stepMs: 2 * hourMs }],
];
const before: { readonly text: string; readonly asked: Asked; readonly expected: ReturnType<typeof points> }[] = [];

test.each(functions)('%s is the same by rollups as by samples where windows are of whole buckets', async (name) => {
  for (const [range, asked] of aligned) {
    const text = `${name}({__name__=~"used|served_total"}[${range}])`;
    read = { samples: 0, rollups: 0 };
    const found = await ask(engine, text, asked);
    expect(read.rollups).toBe(1);
    const expected = await ask(sampleEngine, text, asked);
    expect(Object.values(expected).flat().length).toBeGreaterThan(50);
    expectSame(found, expected);
    before.push({ text, asked, expected });
  }
});

test.each([
  ['rate(served_total[90s])', {}],
  ['rate(served_total[5m])', { start: t0 + 6 * hourMs + 1_000 }],
  ['rate(served_total[5m])', { stepMs: 90_000 }],
  ['rate(served_total[5m] offset 30s)', {}],
  ['quantile_over_time(0.5, used[1h])', {}],
  ['used', {}],
  ['rate(served_total[1h])', { start: end - hourMs }],
])('%s %j is read from samples', async (text, asked) => {
  read = { samples: 0, rollups: 0 };
  const found = await ask(engine, text, asked);
  expect(read).toEqual({ samples: 1, rollups: 0 });
  expect(found).toEqual(await ask(sampleEngine, text, asked));
});

test('when samples have expired, rollups by minute answer: the same where windows are of whole buckets', async () => {
  // The hours that were not sealed are sealed first.
  await storage.createCompactor(silentLog, { ...eager, sealAfterMs: 0 }).run(end);
  const near = await ask(sampleEngine, 'rate(served_total{host="a"}[5m])', { start: t0 + 6 * hourMs + 20_000 });
  const lastAtMinutes = await ask(sampleEngine, 'used');
  await storage.dropExpired(t0 + 20 * dayMs, { samples: 7, minutes: 90, hours: 1_000 });
  expect(await query.samples(scope, { matchers: [], from: t0, to: end })).toEqual([]);

  expect(before).toHaveLength(functions.length * aligned.length);
  for (const { text, asked, expected } of before) {
    // Of gauges no increase is kept: what is made of the edges of minutes is less exact.
    const counters = /^(?:rate|increase|resets)/u.test(text);
    const isKept = (series: string): boolean => !counters || series.includes('n="1"');
    expectSame(only(await ask(engine, text, asked), isKept), only(expected, isKept));
  }
  // The newest sample of a whole minute is the last of its bucket. Nothing tells of staleness markers any more.
  expectSame(await ask(engine, 'used'), lastAtMinutes);
  // Windows of parts of minutes are moved to whole ones.
  const moved = await ask(engine, 'rate(served_total{host="a"}[5m])', { start: t0 + 6 * hourMs + 20_000 });
  const atMinutes = await ask(engine, 'rate(served_total{host="a"}[5m])');
  expect(Object.values(moved)[0]?.map(([, value]) => value)).toEqual(
    Object.values(atMinutes)[0]
      ?.slice(0, -1)
      .map(([, value]) => value),
  );
  expect(Object.values(moved)[0]?.length).toBeGreaterThan(0.9 * (Object.values(near)[0]?.length ?? Infinity));
  // The other functions see the first and the last sample of each minute.
  const middle = await ask(engine, 'quantile_over_time(0.5, used{host="a"}[1h])');
  for (const [, value] of Object.values(middle)[0] ?? []) expect(Math.abs(value)).toBeLessThan(30);
  // The older way to ask, and the list of series, know of it as well.
  const raw = await query.range(scope, { selector: 'used{host="a"}', start: t0, end: t0 + hourMs });
  expect(raw[0]?.column.times.length).toBeGreaterThan(50);
  const within = await query.series(scope, [], undefined, { from: t0, to: t0 + hourMs });
  expect([...new Set(within.map(({ host }) => host))]).toEqual(['a', 'b', 'c']);
});

test('when rollups by minute have expired as well, those by hour answer, also for shorter ranges', async () => {
  await storage.dropExpired(t0 + 200 * dayMs, { samples: 7, minutes: 90, hours: 1_000 });
  const asked = { start: t0 + 6 * hourMs, stepMs: hourMs };
  for (const name of ['max_over_time', 'sum_over_time', 'avg_over_time', 'increase']) {
    const text = `${name}({__name__=~"used|served_total"}[6h])`;
    const expected = before.find((one) => one.text === text)?.expected ?? {};
    const isKept = (series: string): boolean => name !== 'increase' || series.includes('n="1"');
    expectSame(only(await ask(engine, text, { stepMs: 2 * hourMs }), isKept), only(expected, isKept));
  }
  const hourly = await ask(engine, 'rate(served_total{host="a"}[1h])', asked);
  // Five minutes are seen as the hour that they end.
  expect(Object.values(await ask(engine, 'rate(served_total{host="a"}[5m])', asked))).toEqual(Object.values(hourly));
  const increase = await ask(engine, 'increase(served_total{host="a"}[5m])', asked);
  expectSame(increase, scaled(await ask(engine, 'increase(served_total{host="a"}[1h])', asked), 1 / 12));
  // At any time there is the newest hour that is over.
  const between = await ask(engine, 'used{host="a"}', { start: t0 + 6 * hourMs + 1_234_567, stepMs: 10 * minuteMs });
  expect(Object.values(between)[0]?.length).toBeGreaterThan(100);
});

function only(all: ReturnType<typeof points>, wanted: (series: string) => boolean): ReturnType<typeof points> {
  return Object.fromEntries(Object.entries(all).filter(([series]) => wanted(series)));
}

function scaled(all: ReturnType<typeof points>, factor: number): ReturnType<typeof points> {
  return Object.fromEntries(
    Object.entries(all).map(([series, own]) => [
      series,
      own.map(([time, value]): [UnixMs, number] => [time, value * factor]),
    ]),
  );
}
