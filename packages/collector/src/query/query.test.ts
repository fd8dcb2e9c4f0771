import { encodePayload, encodeSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from '../storage/testing.ts';
import { parseSelector } from './language/parse.ts';
import { silentLog } from '../log.ts';
import { createEngine } from './engine.ts';
import { createQuery } from './query.ts';
import { markStale } from './staleness.ts';
import { createStorageReader } from './storage-reader.ts';

const t0 = Date.UTC(2026, 10, 24, 12);
const { storage, another, drop } = await createTestStorage(() => t0);
await storage.ensurePartitions(t0);
afterAll(drop);
const query = createQuery({ storage });
const scope = await storage.tenants.ensure('default');

test('series that another collector took in or deleted a moment ago are seen and gone at the next query', async () => {
  await store('seen-1', ['a'], t0, 1, [[0, 1]]);
  const asked = { matchers: parseSelector('busy{host=~"seen-.*"}'), from: t0, to: t0 + 10_000 };
  const hosts = async () => (await query.samples(scope, asked)).map(({ series }) => series.host);
  expect(await hosts()).toEqual(['seen-1']);
  const other = await another();
  try {
    const bytes = encodeSchema({
      metrics: [{ name: 'busy', kind: 'gauge', unit: 'ratio', help: '' }],
      series: [{ metric: 0, labels: { cpu: 'a' } }],
    });
    const { hostId, hash } = await other.series.register(scope, 'seen-2', schemaHash(bytes), bytes);
    const matrix = { times: Float64Array.of(t0), width: 1, values: Float64Array.of(2) };
    const payload = encodePayload(matrix, zstdCompress);
    await other.batches.insert([{ scope, hostId, epoch: t0, seq: 1, t0, t1: t0, rows: 1, schemaHash: hash, payload }]);
    expect(await hosts()).toEqual(['seen-1', 'seen-2']);
    await other.deletions.deleteHost(scope, 'seen-1');
    expect(await hosts()).toEqual(['seen-2']);
    await other.deletions.deleteHost(scope, 'seen-2');
    expect(await hosts()).toEqual([]);
  } finally {
    await other.close();
  }
});

type Cell = number | 'stale' | undefined;

/** Stores ticks for one host: `cpu` labels are the columns, a missing value is a gap, `stale` a staleness marker. */
async function store(
  host: string,
  cpus: readonly string[],
  epoch: number,
  seq: number,
  rows: readonly (readonly [atS: number, ...Cell[]])[],
) {
  const bytes = encodeSchema({
    metrics: [{ name: 'busy', kind: 'gauge', unit: 'ratio', help: '' }],
    series: cpus.map((cpu) => ({ metric: 0, labels: { cpu } })),
  });
  const { hostId, hash } = await storage.series.register(scope, host, schemaHash(bytes), bytes);
  const times = Float64Array.from(rows, ([atS]) => t0 + atS * 1000);
  const cells = cpus.flatMap((_, column) => rows.map((row): Cell => row[column + 1]));
  const values = Float64Array.from(cells, (value) => (typeof value === 'number' ? value : Number.NaN));
  for (const [index, cell] of cells.entries()) if (cell === 'stale') markStale(values, index);
  const payload = encodePayload(
    {
      times,
      width: cpus.length,
      values,
      present: Uint8Array.from(cells, (value) => (value === undefined ? 0 : 1)),
    },
    zstdCompress,
  );
  const [first = 0] = times;
  await storage.batches.insert([
    {
      scope,
      hostId,
      epoch,
      seq,
      t0: first,
      t1: times[times.length - 1] ?? 0,
      rows: rows.length,
      schemaHash: hash,
      payload,
    },
  ]);
}

async function range(
  selector: string,
  startS: number,
  endS: number,
  options: { stepMs?: number; aggregation?: 'avg' | 'rate' } = {},
) {
  const results = await query.range(scope, { selector, start: t0 + startS * 1000, end: t0 + endS * 1000, ...options });
  return results.map(({ series, column }) => ({
    labels: series.labels,
    points: Array.from(column.times, (time, row) => [(time - t0) / 1000, column.values[row]]),
  }));
}

test('raw samples come back from many batches, across a restart of the agent and a grown schema', async () => {
  await store('a', ['0'], 1, 0, [
    [0, 10],
    [1, 11],
  ]);
  await store('a', ['0', '1'], 1, 1, [
    [2, 12, 22],
    [3, undefined, 23],
  ]);
  await store('a', ['1', '0'], 2, 0, [
    [4, 24, 14],
    [5, 25, 15],
  ]);
  await store('b', ['0'], 1, 0, [[0, 99]]);
  expect(await range('busy{host="a"}', 1, 4)).toEqual([
    {
      labels: { cpu: '0', host: 'a' },
      points: [
        [1, 11],
        [2, 12],
        [4, 14],
      ],
    },
    {
      labels: { cpu: '1', host: 'a' },
      points: [
        [2, 22],
        [3, 23],
        [4, 24],
      ],
    },
  ]);
  expect(await range('busy{cpu=~"0|1",host!="a"}', 0, 10)).toEqual([
    { labels: { cpu: '0', host: 'b' }, points: [[0, 99]] },
  ]);
});

test('late batches are put in their place, and a time that two runs of an agent report counts once', async () => {
  await store('late', ['0'], 5, 1, [
    [20, 1],
    [21, 2],
  ]);
  await store('late', ['0'], 5, 0, [
    [18, 3],
    [19, 4],
  ]);
  await store('late', ['0'], 6, 0, [
    [21, 7],
    [22, 8],
  ]);
  const [result] = await range('busy{host="late"}', 0, 60);
  expect(result?.points).toEqual([
    [18, 3],
    [19, 4],
    [20, 1],
    [21, 7],
    [22, 8],
  ]);
});

test('a step gives one value per step, the first one whole', async () => {
  await store(
    'step',
    ['0'],
    1,
    0,
    Array.from({ length: 30 }, (_, row) => [row, row] as const),
  );
  const [result] = await range('busy{host="step"}', 10, 20, { stepMs: 10_000, aggregation: 'avg' });
  expect(result?.points).toEqual([
    [10, 5.5],
    [20, 15.5],
  ]);
  const [rates] = await range('busy{host="step"}', 1, 3, { stepMs: 1000, aggregation: 'rate' });
  expect(rates?.points).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
});

test('a range longer than an hour is read whole', async () => {
  for (const hour of [0, 1, 2, 3])
    await store('long', ['0'], 1, hour, [
      [hour * 3600, hour],
      [hour * 3600 + 1, hour + 0.5],
    ]);
  const [result] = await range('busy{host="long"}', 0, 4 * 3600);
  expect(result?.points.map(([, value]) => value)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]);
});

test('a later run of the agent overrides an earlier one, also where its batch begins before', async () => {
  await store('again', ['0'], 5, 0, [
    [21, 1],
    [22, 2],
  ]);
  await store('again', ['0'], 6, 0, [
    [20, 7],
    [21, 8],
    [22, 9],
  ]);
  const [result] = await range('busy{host="again"}', 0, 60);
  expect(result?.points.map(([, value]) => value)).toEqual([7, 8, 9]);
});

test('an empty year is read in few statements, and what is in it is found', async () => {
  await store('rare', ['0'], 1, 0, [
    [0, 1],
    [1, 2],
  ]);
  const [result] = await query.range(scope, {
    selector: 'busy{host="rare"}',
    start: t0 - 365 * 86_400_000,
    end: t0 + 1000,
  });
  expect([...(result?.column.values ?? [])]).toEqual([1, 2]);
});

test('nobody waits for the answer any more: the work ends', async () => {
  const leaving = new AbortController();
  let read = 0;
  const watched = createQuery({
    storage: {
      series: storage.series,
      samples: {
        ...storage.samples,
        read: (of, series, range) =>
          storage.samples.read(of, series, {
            ...range,
            onRead(samples) {
              read += samples;
              leaving.abort();
            },
          }),
      },
    },
  });
  const asked = watched.range(scope, {
    selector: 'busy{host="long"}',
    start: t0,
    end: t0 + 30 * 86_400_000,
    signal: leaving.signal,
  });
  await expect(asked).rejects.toThrow('aborted');
  expect(read).toBeGreaterThan(0);
});

test('the first rate of a range is the one that a longer range has there', async () => {
  await store('slow', ['0'], 1, 0, [
    [0, 0],
    [29, 58],
    [40, 80],
  ]);
  const rates = { stepMs: 10_000, aggregation: 'rate' } as const;
  const whole = await range('busy{host="slow"}', 0, 60, rates);
  const part = await range('busy{host="slow"}', 40, 60, rates);
  expect(part[0]?.points).toEqual([[40, 2]]);
  expect(whole[0]?.points).toEqual([[40, 2]]);
});

test('another tenant sees nothing of it', async () => {
  const other = await storage.tenants.ensure('other');
  expect(await query.range(other, { selector: 'busy', start: t0, end: t0 + 60_000 })).toEqual([]);
  expect(await query.series(other, parseSelector('busy'))).toEqual([]);
});

test('a question that is too large says so, and what to change', async () => {
  await expect(range('busy', 0, 86_400, { stepMs: 1 })).rejects.toMatchObject({
    code: 'query/too-many-points',
    field: 'step',
  });
  await expect(range('busy', -500 * 86_400, 0)).rejects.toMatchObject({ code: 'query/too-long', field: 'start' });
  await expect(range('busy', 0, 60, { stepMs: 500 * 86_400_000 })).rejects.toMatchObject({ code: 'query/too-long' });
  const small = createQuery({ storage, limits: { series: 1, samples: 3 } });
  const asked = { start: t0, end: t0 + 60_000 };
  await expect(small.range(scope, { selector: 'busy', ...asked })).rejects.toMatchObject({
    code: 'query/too-many-series',
  });
  await expect(small.range(scope, { selector: 'busy{host="step"}', ...asked })).rejects.toMatchObject({
    code: 'query/too-many-samples',
  });
});

test('a staleness marker comes back from the store as one: the series ends there, and a NaN is no marker', async () => {
  const engine = createEngine({ reader: createStorageReader({ query }), log: silentLog });
  await store('stale', ['0', '1'], 1, 0, [
    [0, 1, 1],
    [1, 'stale', Number.NaN],
    [2, undefined, 3],
  ]);
  const at = async (seconds: number, text: string) => {
    const { data } = await engine.instant(scope, { query: text, time: t0 + seconds * 1000 });
    return data.kind === 'vector' ? data.samples.map(({ labels, value }) => [labels.get('cpu'), value]) : data;
  };
  expect(await at(0, 'busy{host="stale"}')).toEqual([
    ['0', 1],
    ['1', 1],
  ]);
  expect(await at(1, 'busy{host="stale"}')).toEqual([['1', Number.NaN]]);
  expect(await at(2, 'busy{host="stale"}')).toEqual([['1', 3]]);
  expect(await at(2, 'count_over_time(busy{host="stale"}[10s])')).toEqual([
    ['0', 1],
    ['1', 3],
  ]);
  // Nor does the older way to ask tell of it.
  expect(await range('busy{host="stale",cpu="0"}', 0, 5)).toMatchObject([{ points: [[0, 1]] }]);
});

test('answers stay as they are when the next query uses the same room', async () => {
  const engine = createEngine({ reader: createStorageReader({ query }), log: silentLog });
  const rows = Array.from({ length: 100 }, (_, s): [number, number, number] => [s, s, 1000 - s]);
  await store('room', ['0', '1'], 1, 0, rows);
  const asked = { start: t0, end: t0 + 99_000, stepMs: 1_000 };
  const ask = async (cpu: string) => [
    await engine.range(scope, { query: `busy{host="room",cpu="${cpu}"}`, ...asked }),
    await engine.range(scope, { query: `max_over_time(busy{host="room",cpu="${cpu}"}[1s])`, ...asked }),
    await engine.instant(scope, { query: `busy{host="room",cpu="${cpu}"}[100s]`, time: t0 + 99_000 }),
  ];
  const first = await ask('0');
  await ask('1');
  for (const { data } of first) {
    expect(data.kind === 'matrix' ? [...(data.series[0]?.values ?? [])] : []).toEqual(rows.map(([, value]) => value));
  }
});
