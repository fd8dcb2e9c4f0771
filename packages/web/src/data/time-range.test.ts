import { expect, test } from 'vitest';
import { durationText, panned, parseDuration, parseRange, rangeText, spanOf, zoomed } from './time-range.ts';
import type { TimeRange } from './time-range.ts';

const now = Date.parse('2026-03-29T12:00:00Z');
const hour = 3_600_000;

test.each([
  ['15m', { kind: 'last', ms: 900_000 }],
  ['now-6h..now', { kind: 'last', ms: 6 * hour }],
  ['2026-03-29T10:00:00Z/2026-03-29T11:00:00Z', { kind: 'fixed', from: now - 2 * hour, to: now - hour }],
  [`${now - hour}..${now}`, { kind: 'fixed', from: now - hour, to: now }],
])('%s is a range, and its text leads back to it', (text, range) => {
  const parsed = parseRange(text);
  expect(parsed).toEqual(range);
  expect(parseRange(rangeText(parsed ?? { kind: 'last', ms: 1 }))).toEqual(range);
});

test.each(['', 'x', '0m', '15', '-5m', '999999d', 'now', '2026-01-02/2026-01-01', 'a/b', '1/2/3'])(
  '%j is no range',
  (text) => expect(parseRange(text)).toBeUndefined(),
);

test.each([
  [90_000, '90s'],
  [900_000, '15m'],
  [7 * 86_400_000, '7d'],
])('%d ms are written %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});

test('panning back makes a live range fixed; panning on until now makes it live again', () => {
  const live: TimeRange = { kind: 'last', ms: hour };
  const back = panned(live, -0.5, now);
  expect(back).toEqual({ kind: 'fixed', from: now - 1.5 * hour, to: now - 0.5 * hour });
  expect(panned(back, 0.5, now)).toEqual(live);
});

test('zooming keeps the time under the pointer in its place', () => {
  const range: TimeRange = { kind: 'fixed', from: now - 4 * hour, to: now - 2 * hour };
  expect(spanOf(zoomed(range, 0.5, now - 3.5 * hour, now), now)).toMatchObject({
    from: now - 3.75 * hour,
    to: now - 2.75 * hour,
  });
  expect(zoomed({ kind: 'last', ms: hour }, 2, undefined, now)).toEqual({ kind: 'last', ms: 2 * hour });
  expect(zoomed(range, 40, undefined, now)).toMatchObject({ kind: 'last' });
});
