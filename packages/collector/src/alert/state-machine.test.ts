import { expect, test } from 'vitest';
import { advance, type OpenState } from './state-machine.ts';

const pending: OpenState = { kind: 'pending', since: 1000, value: 1 };
const firing: OpenState = { kind: 'firing', since: 3000, value: 1 };

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
  expect(advance(state, { time, value: 9, holds }, forMs)).toEqual(expected);
});
