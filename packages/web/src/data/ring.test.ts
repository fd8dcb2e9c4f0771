import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeriesRing } from './ring.ts';

const second = 1000;

function column(from: number, count: number, value = (i: number): number => i): [Float64Array, Float64Array] {
  return [
    Float64Array.from({ length: count }, (_, i) => (from + i) * second),
    Float64Array.from({ length: count }, (_, i) => value(from + i)),
  ];
}

test('a ring fed for hours holds exactly its window, newest last', () => {
  const ring = new SeriesRing(300 * second);
  for (let tick = 0; tick < 10_000; tick++) ring.append(...column(tick, 1));
  expect(ring.length).toBe(301);
  expect(ring.column.times[0]).toBe(9_699 * second);
  expect(ring.column.values.at(-1)).toBe(9_999);
});

test('a window longer than the first allocation is held whole', () => {
  const ring = new SeriesRing(5_000 * second);
  ring.append(...column(0, 4_000));
  expect(ring.length).toBe(4_000);
  expect(ring.column.values[1_234]).toBe(1_234);
});

test('what an agent could not send at once goes where it belongs', () => {
  const ring = new SeriesRing(300 * second);
  ring.append(...column(0, 3));
  ring.append(...column(6, 2));
  ring.append(...column(3, 3));
  expect([...ring.column.values]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a frame that comes twice adds nothing', () => {
  const ring = new SeriesRing(300 * second);
  ring.append(...column(0, 10));
  ring.append(...column(5, 5, () => 99));
  expect([...ring.column.values]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test.each<readonly [string, (ring: SeriesRing, tick: number) => void]>([
  ['new samples', () => undefined],
  ['late ones', (ring, tick) => ring.append(...column(tick + 4, 2))],
  ['snapshots', (ring, tick) => ring.merge(...column(tick - 40, 50, (i) => -i))],
])('a column stays as it was given when there are %s', (_, come) => {
  const ring = new SeriesRing(300 * second);
  const given: { readonly column: readonly Float64Array[]; readonly was: readonly (readonly number[])[] }[] = [];
  for (let tick = 0; tick < 3_000; tick += 10) {
    ring.append(...column(tick, 4));
    ring.append(...column(tick + 6, 4));
    const { times, values } = ring.column;
    given.push({ column: [times, values], was: [[...times], [...values]] });
    come(ring, tick);
  }
  for (const { column: now, was } of given) expect(now.map((one) => [...one])).toEqual(was);
});

test('after late samples there is room for new ones, which copy nothing', () => {
  const ring = new SeriesRing(300 * second);
  ring.append(...column(0, 3));
  ring.append(...column(6, 2));
  ring.append(...column(3, 3));
  const { times } = ring.column;
  ring.append(...column(8, 1));
  expect(ring.column.times.buffer === times.buffer).toBe(true);
  expect(ring.length).toBe(9);
});

test('a missing sample leaves no point', () => {
  const ring = new SeriesRing(300 * second);
  ring.append(...column(0, 4, (i) => (i === 2 ? NaN : i)));
  expect([...ring.column.times]).toEqual([0, 1000, 3000]);
});

test('a snapshot after a reconnect fills the gap and keeps what the collector forgot', () => {
  const ring = new SeriesRing(300 * second);
  ring.append(...column(0, 10));
  ring.merge(...column(7, 10, (i) => i * 10));
  expect([...ring.column.values]).toEqual([0, 1, 2, 3, 4, 5, 6, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160]);
});

test('an empty snapshot, as after a restart, takes nothing away', () => {
  const ring = new SeriesRing(300 * second);
  ring.append(...column(0, 10));
  ring.merge(new Float64Array(), new Float64Array());
  expect(ring.length).toBe(10);
});

test('cut off and resumed at any point, the ring is as if it never was', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 0, max: 299 }), (cut, overlap) => {
      const whole = new SeriesRing(300 * second);
      const resumed = new SeriesRing(300 * second);
      whole.append(...column(0, 1_000));
      resumed.append(...column(0, cut));
      const from = Math.max(0, cut - overlap);
      resumed.merge(...column(from, 1_000 - from));
      expect(resumed.column).toEqual(whole.column);
    }),
  );
});

test('a hole is filled in order, what was held stays, and nothing is doubled', () => {
  const ring = new SeriesRing(300 * second);
  ring.append(...column(0, 3));
  ring.append(...column(7, 3));
  ring.fill(...column(1, 8, (i) => i * 100));
  expect([...ring.column.times]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((t) => t * second));
  expect([...ring.column.values]).toEqual([0, 1, 2, 300, 400, 500, 600, 7, 8, 9]);
  ring.append(...column(10, 1));
  expect(ring.newest).toBe(10 * second);
});

test('what was filled in leaves with the window', () => {
  const ring = new SeriesRing(5 * second);
  ring.append(...column(100, 3));
  ring.fill(...column(0, 100));
  expect(ring.column.times[0]).toBe(97 * second);
});
