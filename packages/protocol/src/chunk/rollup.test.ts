import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../bytes.ts';
import type { SeriesColumn } from '../sample.ts';
import { decodeRollup, decodeRollupHead, encodeRollup, encodeRollupHead, type RollupHead } from './rollup-codec.ts';
import { coarsen, overlay, rollUp, type Rollup } from './rollup.ts';

const minute = 60_000;
const t0 = 1_764_000_000_000;

function headOf({ ends, count, firstAt, lastAt }: Rollup, width = minute): RollupHead {
  return { width, ends, count, firstAt, lastAt };
}

function roundTrip(rollup: Rollup, head: RollupHead): { readonly rollup: Rollup; readonly bytes: number } {
  const writer = new ByteWriter();
  encodeRollupHead(head, writer);
  const headBytes = writer.length;
  encodeRollup(rollup, head, writer);
  const reader = new ByteReader(writer.view().slice());
  const back = decodeRollup(reader, decodeRollupHead(reader));
  reader.end();
  return { rollup: back, bytes: writer.length - headBytes };
}

test('a bucket holds the samples after its start up to and including its end', () => {
  const column: SeriesColumn = {
    times: Float64Array.of(t0, t0 + 1, t0 + minute, t0 + minute + 1),
    values: Float64Array.of(1, 2, 4, 8),
  };
  expect(rollUp(column, minute, true)).toEqual({
    ends: Float64Array.of(t0, t0 + minute, t0 + 2 * minute),
    count: Float64Array.of(1, 2, 1),
    sum: Float64Array.of(1, 6, 8),
    min: Float64Array.of(1, 2, 8),
    max: Float64Array.of(1, 4, 8),
    first: Float64Array.of(1, 2, 8),
    last: Float64Array.of(1, 4, 8),
    firstAt: Float64Array.of(t0, t0 + 1, t0 + minute + 1),
    lastAt: Float64Array.of(t0, t0 + minute, t0 + minute + 1),
    counter: { increase: Float64Array.of(0, 2, 0), resets: Float64Array.of(0, 0, 0) },
  });
});

test('a counter that begins again at zero gains what it had and what it has', () => {
  const column = { times: Float64Array.of(1, 2, 3, 4), values: Float64Array.of(10, 15, 2, 5) };
  const { counter } = rollUp(column, minute, true);
  expect(counter).toEqual({ increase: Float64Array.of(10), resets: Float64Array.of(1) });
});

test('sums of short decimals are exact: a tenth and two tenths are three tenths', () => {
  const column = { times: Float64Array.of(1, 2, 3), values: Float64Array.of(0.1, 0.2, 0.7) };
  expect(rollUp(column, minute, true)).toMatchObject({
    sum: Float64Array.of(1),
    counter: { increase: Float64Array.of(0.6) },
  });
});

test('a sample that is not a number makes extremes and sum of its bucket so, and no other', () => {
  const column = { times: Float64Array.of(1, 2, minute + 1), values: Float64Array.of(1, Number.NaN, 3) };
  const { min, max, sum, count } = rollUp(column, minute, false);
  expect([...min, ...max, ...sum, ...count]).toEqual([Number.NaN, 3, Number.NaN, 3, Number.NaN, 3, 2, 1]);
});

const values = fc.oneof(
  fc.integer({ min: -1_000, max: 1e9 }),
  fc.integer({ min: 0, max: 100_000 }).map((value) => value / 100),
  fc.double(),
  fc.constantFrom(Number.NaN, Infinity, -0, 2 ** 53),
);
const series = fc
  .oneof(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 30_000 }), values), { minLength: 1, maxLength: 150 }),
    fc.array(fc.tuple(fc.constant(1_000), fc.integer({ min: 0, max: 5_000 })), { minLength: 60, maxLength: 400 }),
  )
  .map((steps): SeriesColumn => {
    let time = t0;
    return {
      times: Float64Array.from(steps, ([step]) => (time += step)),
      values: Float64Array.from(steps, ([, value]) => value),
    };
  });

test("rollups of any samples come back to the bit, with the host's times and with their own", () => {
  fc.assert(
    fc.property(series, series, fc.boolean(), (column, others, counter) => {
      const rollup = rollUp(column, minute, counter);
      expect(roundTrip(rollup, headOf(rollup)).rollup).toEqual(rollup);
      const all = Float64Array.from(new Set([...column.times, ...others.times])).toSorted();
      const head = headOf(rollUp({ times: all, values: all }, minute, false));
      expect(roundTrip(rollup, head).rollup).toEqual(rollup);
    }),
    { numRuns: 1_000 },
  );
});

test('hours made of minutes are those made of the samples, but for rounding', () => {
  fc.assert(
    fc.property(series, (column) => {
      const hour = 3_600_000;
      const direct = rollUp(column, hour, true);
      const stepped = coarsen(rollUp(column, minute, true), hour);
      for (const name of ['ends', 'count', 'min', 'max', 'first', 'last', 'firstAt', 'lastAt'] as const) {
        expect(stepped[name]).toEqual(direct[name]);
      }
      expect(stepped.counter?.resets).toEqual(direct.counter?.resets);
      const scale = column.values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      // Sums of what is larger may be beyond all numbers.
      if (!(scale < 1e300)) return;
      for (const [row, sum] of direct.sum.entries()) {
        expect(Math.abs((stepped.sum[row] ?? 0) - sum) / scale).toBeLessThan(1e-12);
        const increase = direct.counter?.increase[row] ?? 0;
        expect(Math.abs((stepped.counter?.increase[row] ?? 0) - increase) / scale).toBeLessThan(1e-12);
      }
    }),
  );
});

test('one rollup laid over another has the buckets of both, its own where both have one', () => {
  const under = rollUp(
    { times: Float64Array.of(1, minute + 1, 3 * minute), values: Float64Array.of(1, 2, 3) },
    minute,
    true,
  );
  const over = rollUp({ times: Float64Array.of(minute + 5), values: Float64Array.of(9) }, minute, true);
  const both = overlay(under, over);
  expect([...both.ends]).toEqual([minute, 2 * minute, 3 * minute]);
  expect([...both.last]).toEqual([1, 9, 3]);
  expect(both.counter?.resets).toEqual(new Float64Array(3));
});

test('an hour of a constant takes a few bytes, of a busy counter a fraction of its samples', () => {
  const times = Float64Array.from({ length: 3_600 }, (_, row) => t0 + (row + 1) * 1_000);
  const constant = rollUp({ times, values: new Float64Array(3_600).fill(7) }, minute, false);
  expect(roundTrip(constant, headOf(constant)).bytes).toBeLessThan(8);
  let total = 0;
  const busy = Float64Array.from({ length: 3_600 }, (_, row) => (total += (row * 7_919) % 20_011));
  const rollup = rollUp({ times, values: busy }, minute, true);
  expect(roundTrip(rollup, headOf(rollup)).bytes).toBeLessThan(500);
});

test('rollups cut, changed or made up are rollups or a BatchError', () => {
  const column = {
    times: Float64Array.from({ length: 500 }, (_, row) => t0 + row * 977),
    values: new Float64Array(500),
  };
  for (let row = 0; row < 500; row++) column.values[row] = (row * 31) % 17;
  const rollup = rollUp(column, minute, true);
  const writer = new ByteWriter();
  encodeRollupHead(headOf(rollup), writer);
  encodeRollup(rollup, headOf(rollup), writer);
  const whole = writer.view().slice();
  const read = (bytes: Uint8Array): void => {
    try {
      const reader = new ByteReader(bytes);
      decodeRollup(reader, decodeRollupHead(reader));
    } catch (error) {
      expect(error).toMatchObject({ name: 'BatchError' });
    }
  };
  for (let end = 0; end < whole.byteLength; end++) read(whole.subarray(0, end));
  fc.assert(
    fc.property(fc.nat(whole.byteLength - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const bytes = whole.slice();
      bytes[at] = byte;
      read(bytes);
    }),
    { numRuns: 1_000 },
  );
});

test('rollups written by every earlier version still read as they did', () => {
  const golden = (name: string): URL => new URL(`../testdata/${name}`, import.meta.url);
  const times = Float64Array.from({ length: 900 }, (_, row) => t0 + row * 1_000);
  const column = { times, values: Float64Array.from(times, (_, row) => ((row * 37) % 101) / 4) };
  const rollup = rollUp(column, minute, true);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    const writer = new ByteWriter();
    encodeRollupHead(headOf(rollup), writer);
    encodeRollup(rollup, headOf(rollup), writer);
    writeFileSync(golden('rollup-v1.bytes'), writer.view());
  }
  const reader = new ByteReader(readFileSync(golden('rollup-v1.bytes')));
  expect(decodeRollup(reader, decodeRollupHead(reader))).toEqual(rollup);
});
