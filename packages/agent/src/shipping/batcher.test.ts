import { createScrapeOutput, type CollectedSamples } from '@tarsier/plugins';
import { decodeEnvelope, decodePayload, decodeSchema, staleRows } from '@tarsier/protocol';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import { expect, test } from 'vitest';
import { createBatcher, type Batcher } from './batcher.ts';
import { samplesIn } from '../testing.ts';

const metrics = { v: { kind: 'gauge', unit: '', help: 'A value.' } } as const;
const hourMs = 3_600_000;

function output(): CollectedSamples {
  return createScrapeOutput({ metrics, dynamic: false }, { maxSeries: 100_000 });
}

/** Puts out `v{at="<name>"}` = 1 for each name. */
function put(samples: CollectedSamples, names: readonly string[]): { readonly samples: CollectedSamples } {
  samples.begin();
  for (const at of names) samples.gauge('v', 1, { at });
  return { samples };
}

function taken(batcher: Batcher): string[] {
  const batch = batcher.take();
  return batch === undefined ? [] : samplesIn(decodeEnvelope(batch.bytes), batch.schema.bytes);
}

test('more ticks than usual are kept as they are, and once there is no more room the oldest goes', () => {
  const batcher = createBatcher({ host: 'h', epoch: 1 });
  const samples = output();
  for (let tick = 1; tick <= 130; tick++)
    batcher.append(tick * 1000, [put(samples, tick % 2 === 0 ? ['a', 'b'] : ['a'])]);
  expect(batcher.full).toBe(true);
  const lines = taken(batcher);
  expect(lines.filter((line) => line.includes('"a"'))).toHaveLength(120);
  expect(lines.filter((line) => line.includes('"b"'))).toHaveLength(60);
  expect(lines[0]).toBe('v{at="a"} 11000 1');
  expect(batcher.rows).toBe(0);
});

test('at its end all series of the last minutes end with a staleness marker, those long gone do not', () => {
  const batcher = createBatcher({ host: 'h', epoch: 1 });
  const samples = output();
  batcher.append(1_000, [put(samples, ['a', 'gone'])]);
  batcher.take();
  batcher.append(400_000, [put(samples, ['a'])]);
  batcher.take();
  batcher.end(400_500);
  const batch = batcher.take();
  const { t0, rows, payload } = decodeEnvelope(batch?.bytes ?? new Uint8Array());
  const matrix = decodePayload(payload, zstdDecompress);
  expect([t0, rows]).toEqual([400_500, 1]);
  expect([...(matrix.present ?? [])]).toEqual([1, 0]);
  expect(staleRows(matrix)(0)).toBe(true);
});

test('series that are gone for an hour lose their place, others and new ones keep or get theirs', () => {
  const batcher = createBatcher({ host: 'h', epoch: 1 });
  const [first, second] = [output(), output()];
  batcher.append(1000, [put(first, ['a', 'gone']), put(second, ['x'])]);
  batcher.take();
  batcher.append(1000 + hourMs, [put(first, ['a']), put(second, ['x'])]);
  expect(batcher.width).toBe(3);
  batcher.take();
  batcher.append(3000 + hourMs, [put(first, ['a']), put(second, ['x', 'y'])]);
  batcher.take();
  batcher.append(4000 + hourMs, [put(first, ['gone', 'a']), put(second, ['x', 'y'])]);
  const batch = batcher.take();
  expect(decodeSchema(batch?.schema.bytes ?? new Uint8Array()).series.map(({ labels }) => labels['at'])).toEqual([
    'a',
    'x',
    'y',
    'gone',
  ]);
  expect(batch === undefined ? [] : samplesIn(decodeEnvelope(batch.bytes), batch.schema.bytes)).toHaveLength(4);
});

test('of more series than a batch may have the first ones are kept, the others counted and one of them named', () => {
  const warnings: string[] = [];
  const batcher = createBatcher({ host: 'h', epoch: 1, maxSeries: 10, warn: (message) => warnings.push(message) });
  const samples = output();
  const names = Array.from({ length: 15 }, (_, at) => String(at));
  for (let tick = 1; tick < 4; tick++) batcher.append(tick * 1000, [put(samples, names)]);
  expect(taken(batcher)).toHaveLength(30);
  expect(batcher.leftOut).toBe(5);
  expect(warnings).toEqual(['more than 10 series of all plugins together; the first one left out is v{at="10"}']);
});

test('a new epoch begins with number 0', () => {
  const batcher = createBatcher({ host: 'h', epoch: 5 });
  const samples = output();
  const names: string[] = [];
  for (const epoch of [5, 9]) {
    batcher.begin(epoch);
    for (let tick = 1; tick < 3; tick++) {
      batcher.append(tick * 1000, [put(samples, ['a'])]);
      const batch = batcher.take();
      names.push(`${batch?.epoch}/${batch?.seq}`);
    }
  }
  expect(names).toEqual(['5/0', '5/1', '9/0', '9/1']);
});

test('a series that takes the place of a forgotten one is not mistaken for it', () => {
  const batcher = createBatcher({ host: 'h', epoch: 1 });
  const samples = output();
  batcher.append(1000, [put(samples, ['a', 'b'])]);
  samples.forget('v', { at: 'a' });
  batcher.append(2000, [put(samples, ['c', 'b'])]);
  expect(taken(batcher)).toEqual(['v{at="a"} 1000 1', 'v{at="b"} 1000 1', 'v{at="b"} 2000 1', 'v{at="c"} 2000 1']);
});

test('where most places are taken, those of series that are gone are free after minutes', () => {
  const batcher = createBatcher({ host: 'h', epoch: 1, maxSeries: 4 });
  const samples = output();
  batcher.append(1000, [put(samples, ['a', 'b', 'c'])]);
  batcher.take();
  batcher.append(302_000, [put(samples, ['a'])]);
  batcher.take();
  expect(batcher.width).toBe(1);
});
