import { expect, test } from 'vitest';
import { advance, type OpenState } from './state-machine.ts';

const pending: OpenState = { kind: 'pending', since: 1000, value: 1 };
const firing: OpenState = { kind: 'firing', since: 3000, value: 1 };
const calm: OpenState = { ...firing, calmSince: 8000 };

test.each([
  ['nothing, and the condition does not hold', undefined, 0, false, 2000, undefined],
  ['nothing, and it holds', undefined, 1000, true, 2000, { kind: 'pending', since: 1000, value: 9 }],
  ['nothing, it holds, and there is no waiting', undefined, 1000, true, 0, { kind: 'firing', since: 1000, value: 9 }],
  ['pending, not long enough', pending, 2999, true, 2000, { kind: 'pending', since: 1000, value: 9 }],
  ['pending for exactly as long', pending, 3000, true, 2000, { kind: 'firing', since: 3000, value: 9 }],
  ['pending, and it does not hold', pending, 2000, false, 2000, undefined],
  ['firing, and it holds', firing, 9000, true, 2000, { kind: 'firing', since: 3000, value: 9 }],
  ['firing, and it is over', firing, 9000, false, 2000, { kind: 'resolved', since: 3000, value: 9, resolvedAt: 9000 }],
] as const)('%s', (_, state, time, holds, forMs, expected) => {
  expect(advance(state, { time, value: 9, holds, clears: !holds }, { forMs, keepFiringMs: 0 })).toEqual(expected);
});

test.each([
  ['its condition ceases', firing, 8000, true, { ...firing, value: 9, calmSince: 8000 }],
  ['it has ceased, but not for long enough', calm, 12_999, true, { ...calm, value: 9 }],
  [
    'it has ceased for exactly as long',
    calm,
    13_000,
    true,
    { kind: 'resolved', since: 3000, value: 9, resolvedAt: 13_000 },
  ],
  ['it holds again', calm, 12_000, false, { ...firing, value: 9 }],
] as const)('an alert that is kept firing for 5 s: %s', (_, state, time, clears, expected) => {
  const patience = { forMs: 2000, keepFiringMs: 5000 };
  expect(advance(state, { time, value: 9, holds: !clears, clears }, patience)).toEqual(expected);
});

test('between its two bounds an alert stays what it is', () => {
  const between = { time: 9000, value: 9, holds: false, clears: false };
  const patience = { forMs: 0, keepFiringMs: 0 };
  expect(advance(undefined, between, patience)).toBeUndefined();
  expect(advance(firing, between, patience)).toEqual({ ...firing, value: 9 });
});
