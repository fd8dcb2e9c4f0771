import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storedSeries } from '../detect/testing.ts';
import type { StoredSamples } from '../stored-samples.ts';
import { createLiveWindows } from './live-window.ts';

const metric = { name: 'busy', kind: 'gauge', unit: '', help: '' } as const;
const scope = { tenantId: 1, tenant: 'tenant-1' };

test('a window holds the newest ticks of a host, oldest first, and no more than its capacity', () => {
  const windows = createLiveWindows(5);
  const first = storedSeries([1, 2, 3], { t0: 1000, metric });
  windows.consume(first);
  windows.consume({ ...storedSeries([4, 5, 6, 7], { t0: 4000, metric }), schema: first.schema });
  const [window] = windows.hosts(scope);
  expect(window?.lastSeen).toBe(7000);
  expect([...(window?.rows(0).times ?? [])]).toEqual([3000, 4000, 5000, 6000, 7000]);
  expect([...(window?.rows(5500).values ?? [])]).toEqual([6, 7]);
});

test('what comes late goes where it belongs; what is known already, or older than all of a full window, changes nothing', () => {
  const windows = createLiveWindows(6);
  windows.consume(storedSeries([5, 6, 7], { t0: 5000, metric }));
  windows.consume(storedSeries([2, 3], { t0: 2000, metric }));
  windows.consume(storedSeries([9, 9, 8], { t0: 6000, metric }));
  const rows = () => windows.hosts(scope)[0]?.rows(0);
  expect([...(rows()?.values ?? [])]).toEqual([2, 3, 5, 6, 7, 8]);
  windows.consume(storedSeries([1], { t0: 1000, metric }));
  windows.consume(storedSeries([9, 4, 9], { t0: 3000, metric }));
  expect([...(rows()?.times ?? [])]).toEqual([3000, 4000, 5000, 6000, 7000, 8000]);
  expect([...(rows()?.values ?? [])]).toEqual([3, 4, 5, 6, 7, 8]);
});

test('when the schema grows each series keeps its past, and the new one has none', () => {
  const windows = createLiveWindows(10);
  windows.consume(storedSeries([1, 2], { t0: 1000, metric, seriesId: 5 }));
  const grown = storedSeries([3], { t0: 3000, metric });
  const two: StoredSamples = {
    ...grown,
    schema: { ...grown.schema, seriesIds: Int32Array.of(8, 5) },
    matrix: { times: Float64Array.of(3000), width: 2, values: Float64Array.of(30, 3) },
  };
  windows.consume(two);
  const rows = windows.hosts(scope)[0]?.rows(0);
  expect([...(rows?.values ?? [])]).toEqual([Number.NaN, Number.NaN, 30, 1, 2, 3]);
});

test('a series that is missing for a while, as after a restart of its agent, keeps its past', () => {
  const windows = createLiveWindows(10);
  const base = storedSeries([0], { t0: 0, metric });
  const first: StoredSamples = {
    ...base,
    schema: { ...base.schema, seriesIds: Int32Array.of(5, 6) },
    matrix: { times: Float64Array.of(1000, 2000), width: 2, values: Float64Array.of(1, 2, 7, 7) },
  };
  const again = (value: number, time: number): StoredSamples => ({
    ...first,
    matrix: { times: Float64Array.of(time), width: 2, values: Float64Array.of(value, 7) },
  });
  const kept = () => [...(windows.hosts(scope)[0]?.rows(0).values ?? [])].slice(0, -1 * windowRows());
  const windowRows = () => windows.hosts(scope)[0]?.rows(0).times.length ?? 0;
  windows.consume(first);
  windows.consume(storedSeries([7], { t0: 3000, metric, seriesId: 6 }));
  windows.consume(again(4, 4000));
  expect(kept()).toEqual([1, 2, Number.NaN, 4]);
  for (let tick = 5; tick < 30; tick++) windows.consume(storedSeries([7], { t0: tick * 1000, metric, seriesId: 6 }));
  windows.consume(again(9, 30_000));
  expect(kept()).toEqual([...Array<number>(9).fill(Number.NaN), 9]);
});

test('series of a host that come from elsewhere have a window of their own, whose late samples are not late', () => {
  const windows = createLiveWindows(10);
  windows.consume(storedSeries([1, 2, 3], { t0: 1000, metric, seriesId: 5 }));
  windows.consume(storedSeries([7], { t0: 2000, metric, seriesId: 6 }));
  windows.consume(storedSeries([4], { t0: 4000, metric, seriesId: 5 }));
  expect(windows.hosts(scope).map((window) => [...window.rows(0).values])).toEqual([[1, 2, 3, 4], [7]]);
});

test('a gap stays a gap', () => {
  const windows = createLiveWindows(10);
  windows.consume(storedSeries([1, Number.NaN, 3], { t0: 1000, metric }));
  expect([...(windows.hosts(scope)[0]?.rows(0).values ?? [])]).toEqual([1, Number.NaN, 3]);
});

test('listeners hear their own tenant until they end', () => {
  const windows = createLiveWindows(10);
  const heard: number[] = [];
  const stop = windows.subscribe(scope, ({ matrix }) => heard.push(matrix.times[0] ?? 0));
  windows.consume(storedSeries([1], { t0: 1000, metric, tenantId: 2 }));
  windows.consume(storedSeries([1], { t0: 2000, metric }));
  stop();
  windows.consume(storedSeries([1], { t0: 3000, metric }));
  expect(heard).toEqual([2000]);
  expect(windows.hosts({ tenantId: 2, tenant: '' })).toHaveLength(1);
});

test('of what may be here already listeners hear only where some of it was not', () => {
  const windows = createLiveWindows(6);
  const heard: number[] = [];
  windows.subscribe(scope, ({ matrix }) => heard.push(...matrix.times));
  const batch = storedSeries([1, 2, 3], { t0: 1000, metric });
  windows.fill(batch);
  windows.fill(batch);
  windows.consume(batch);
  expect(heard).toEqual([1000, 2000, 3000, 1000, 2000, 3000]);
  heard.length = 0;
  windows.consume(storedSeries([7], { t0: 7000, metric }));
  windows.fill(storedSeries([5, 6], { t0: 5000, metric }));
  windows.fill(storedSeries([6], { t0: 6000, metric }));
  windows.fill(storedSeries([0], { t0: 0, metric }));
  expect(heard).toEqual([7000, 5000, 6000]);
  expect([...(windows.hosts(scope)[0]?.rows(0).times ?? [])]).toEqual([1000, 2000, 3000, 5000, 6000, 7000]);
});

test('a window has five minutes or its most rows, and of rare samples no room for more than it needs', () => {
  const windows = createLiveWindows(300);
  const held = (everyMs: number, ticks: number): [oldest: number, count: number] => {
    const host = { hostId: everyMs, seriesId: everyMs };
    for (let tick = 1; tick <= ticks; tick++) {
      const stored = storedSeries([tick], { t0: tick * everyMs, metric, seriesId: host.seriesId });
      windows.consume({ ...stored, schema: { ...stored.schema, hostId: host.hostId } });
    }
    const found = windows.hosts(scope).find(({ schema }) => schema.hostId === host.hostId);
    const { times, values } = found?.rows(0) ?? { times: new Float64Array(), values: new Float64Array() };
    expect([...values]).toEqual(Array.from(times, (time) => time / everyMs));
    return [(times[0] ?? 0) / everyMs, times.length];
  };
  expect(held(1_000, 1_000)).toEqual([701, 300]);
  expect(held(10_000, 1_000)).toEqual([969, 32]);
  expect(held(5_000, 1_000)).toEqual([937, 64]);
});

test('once a burst of series is forgotten, the memory that it took is given back, and the others keep their past', () => {
  const capacity = 40;
  const windows = createLiveWindows(capacity);
  const base = storedSeries([0], { t0: 0, metric });
  const usual = { ...base.schema, seriesIds: Int32Array.of(2, 1) };
  const burst = { ...base.schema, seriesIds: Int32Array.from({ length: 20_000 }, (_, at) => at + 1) };
  const send = (tick: number, schema: StoredSamples['schema']): void => {
    const { length: width } = schema.seriesIds;
    const values = Float64Array.from(schema.seriesIds, (id) => id * 1_000 + tick);
    windows.consume({ ...base, schema, matrix: { times: Float64Array.of(tick * 1_000), width, values } });
  };
  for (let tick = 1; tick <= capacity; tick++) send(tick, usual);
  const held = (): number => windows.hosts(scope)[0]?.bytes ?? 0;
  const before = held();
  send(41, burst);
  expect(held()).toBe(before * 10_000);
  for (let tick = 42; tick <= 100; tick++) send(tick, usual);
  expect(held()).toBe(before);
  const ticks = Array.from({ length: capacity }, (_, at) => 61 + at);
  expect([...(windows.hosts(scope)[0]?.rows(0).values ?? [])]).toEqual(
    [2, 1].flatMap((id) => ticks.map((tick) => id * 1_000 + tick)),
  );
});

test('however the series of a host come and go, each tick that is here has what came of it', () => {
  const id = fc.integer({ min: 1, max: 12 });
  const ids = fc.oneof(fc.uniqueArray(id, { maxLength: 2 }), fc.uniqueArray(id, { minLength: 8 }));
  const batches = fc.array(fc.record({ ids, rows: fc.integer({ min: 1, max: 4 }) }), { maxLength: 40, size: 'max' });
  // A short window forgets series, and gives their places away, within a few batches.
  const capacities = fc.constantFrom(5, 40);
  fc.assert(
    fc.property(batches, capacities, (given, capacity) => {
      const windows = createLiveWindows(capacity);
      const base = storedSeries([0], { t0: 0, metric });
      const came = new Map<string, number>();
      // What one has in common with all keeps them in one window.
      const always = 13;
      for (let [next, time] = [0, 0]; next < given.length; next++) {
        const { ids: some, rows } = given[next] ?? { ids: [], rows: 0 };
        const seriesIds = Int32Array.from([...some, always]);
        const times = Float64Array.from({ length: rows }, () => (time += 1_000));
        const values = new Float64Array(rows * seriesIds.length).map((_, at) => next * 1_000 + at);
        for (const [column, id] of seriesIds.entries()) {
          for (const [row, at] of times.entries()) came.set(`${id}/${at}`, values[column * rows + row] ?? 0);
        }
        windows.consume({
          ...base,
          schema: { ...base.schema, seriesIds },
          matrix: { times, width: seriesIds.length, values },
        });
        const [window, ...others] = windows.hosts(scope);
        const held = window?.rows(0);
        expect(others).toEqual([]);
        expect([...(held?.values ?? [])]).toEqual(
          [...seriesIds].flatMap((id) => Array.from(held?.times ?? [], (at) => came.get(`${id}/${at}`) ?? Number.NaN)),
        );
      }
    }),
  );
});
