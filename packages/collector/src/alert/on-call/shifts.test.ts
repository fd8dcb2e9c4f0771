import { newOverrideSchema, newRotationSchema, type Override, type Rotation } from '@tarsier/protocol/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nowAndNext, onCallAt, shiftsWithin } from './shifts.ts';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

const rotation = (change: Partial<Rotation> = {}): Rotation => ({
  ...newRotationSchema.parse({
    name: 'ops',
    timeZone: 'Europe/Berlin',
    startsOn: '2026-10-19',
    people: [
      { name: 'ann', channels: ['a'] },
      { name: 'bob', channels: ['b'] },
      { name: 'cid', channels: ['c'] },
    ],
    ...change,
  }),
  id: 'r1',
});
const override = (person: string, from: string, to: string, change: Partial<Override> = {}): Override => ({
  ...newOverrideSchema.parse({ rotationId: 'r1', person, from: at(from), to: at(to), ...change }),
  id: `${person} ${from}`,
});
const shown = (of: Rotation, overrides: readonly Override[], from: string, to: string): readonly string[] =>
  shiftsWithin(of, overrides, { from: at(from), to: at(to) }).map(
    ({ person, from, to }) => `${person} ${iso(from)} ${iso(to)}`,
  );

test('shifts change at nine by the clocks of Berlin, before and after they go back', () => {
  // The clocks go back on 25 October: this week has an hour more.
  expect(shown(rotation(), [], '2026-10-19T07:00Z', '2026-11-09T08:00Z')).toEqual([
    'ann 2026-10-19T07:00 2026-10-26T08:00',
    'bob 2026-10-26T08:00 2026-11-02T08:00',
    'cid 2026-11-02T08:00 2026-11-09T08:00',
  ]);
});

test('a hand-over at a time that the clocks skip is as much later; at one that they show twice it is the first', () => {
  const daily = rotation({ startsOn: '2026-03-28', handOverAt: '02:30', shiftDays: 1 });
  expect(shown(daily, [], '2026-03-28T12:00Z', '2026-03-30T00:00Z')).toEqual([
    'ann 2026-03-28T01:30 2026-03-29T01:30',
    'bob 2026-03-29T01:30 2026-03-30T00:30',
  ]);
  const autumn = rotation({ startsOn: '2026-10-24', handOverAt: '02:30', shiftDays: 1 });
  expect(shown(autumn, [], '2026-10-24T12:00Z', '2026-10-26T00:00Z')).toEqual([
    'ann 2026-10-24T00:30 2026-10-25T00:30',
    'bob 2026-10-25T00:30 2026-10-26T01:30',
  ]);
});

test.each([
  ['before its first day nobody is on call', '2026-10-19T06:59Z', undefined],
  ['from the first moment the first one is', '2026-10-19T07:00Z', 'ann'],
  ['at the hand-over the next one is', '2026-10-26T08:00Z', 'bob'],
  ['after a round the first one is again', '2026-11-10T00:00Z', 'ann'],
  ['and years later', '2031-10-20T12:00Z', 'ann'],
])('%s', (_, time, person) => {
  expect(onCallAt(rotation(), [], at(time))?.person).toBe(person);
});

test('an override cuts what it covers, the later one counts, and what is left goes on', () => {
  const overrides = [
    override('dan', '2026-10-27T10:00Z', '2026-10-28T10:00Z', { channels: ['d'] }),
    override('cid', '2026-10-28T08:00Z', '2026-10-28T12:00Z'),
    override('eve', '2026-10-27T10:00Z', '2026-10-28T10:00Z', { rotationId: 'another' }),
  ];
  expect(shown(rotation(), overrides, '2026-10-26T08:00Z', '2026-11-02T08:00Z')).toEqual([
    'bob 2026-10-26T08:00 2026-10-27T10:00',
    'dan 2026-10-27T10:00 2026-10-28T08:00',
    'cid 2026-10-28T08:00 2026-10-28T12:00',
    'bob 2026-10-28T12:00 2026-11-02T08:00',
  ]);
  expect(onCallAt(rotation(), overrides, at('2026-10-27T12:00Z'))?.channels).toEqual(['d']);
  expect(onCallAt(rotation(), overrides, at('2026-10-28T09:00Z'))?.channels).toEqual(['c']);
});

test('outside of its hours nobody is on call, but for an override', () => {
  const office = rotation({ times: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' }] });
  // A Saturday.
  const saturday = at('2026-10-31T12:00Z');
  expect(nowAndNext(office, [], saturday)).toMatchObject({
    now: null,
    // Bob's until the hand-over at nine.
    next: { person: 'bob', from: at('2026-11-02T07:00Z'), to: at('2026-11-02T08:00Z') },
  });
  const helps = override('dan', '2026-10-31T00:00Z', '2026-11-01T00:00Z', { channels: ['d'] });
  expect(nowAndNext(office, [helps], saturday).now?.person).toBe('dan');
});

test('who is alone in a rotation has nobody after them', () => {
  const alone = rotation({ people: [{ name: 'ann', channels: [] }] });
  expect(nowAndNext(alone, [], at('2026-11-01T00:00Z'))).toMatchObject({ now: { person: 'ann' }, next: null });
});

const zones = ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca', 'UTC'];

test('at any time of any rotation without hours exactly one is on call, and shifts follow without a gap', () => {
  fc.assert(
    fc.property(
      fc.record({
        timeZone: fc.constantFrom(...zones),
        shiftDays: fc.integer({ min: 1, max: 14 }),
        minutes: fc.integer({ min: 0, max: 1_439 }),
        days: fc.integer({ min: 0, max: 800 }),
      }),
      ({ timeZone, shiftDays, minutes, days }) => {
        const handOverAt = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
        const of = rotation({ timeZone, shiftDays, handOverAt, startsOn: '2024-01-01' });
        const from = at('2024-01-03T00:00Z') + days * 86_400_000;
        const shifts = shiftsWithin(of, [], { from, to: from + 30 * 86_400_000 });
        expect(shifts[0]?.from).toBeLessThanOrEqual(from);
        for (const [i, shift] of shifts.entries()) {
          expect(shift.from).toBeLessThan(shift.to);
          if (i > 0) expect(shift.from).toBe(shifts[i - 1]?.to);
        }
        expect(shifts.at(-1)?.to).toBeGreaterThanOrEqual(from + 30 * 86_400_000);
        expect(onCallAt(of, [], from)).toEqual(shifts[0]);
      },
    ),
    { numRuns: 60 },
  );
});
