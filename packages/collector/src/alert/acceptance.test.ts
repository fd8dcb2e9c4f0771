import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from '../storage/testing.ts';
import { accept, atSecond, type Acceptance, type Push } from './testing-acceptance.ts';
import { start } from './testing.ts';

const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

const busy = { kind: 'threshold', name: 'Busy', selector: 'busy', op: '>', value: 0.9 } as const;
const fatal = { ...busy, name: 'Overloaded', severity: 'critical', value: 0.97 } as const;
const apart = { groupBy: ['alertname', 'host'], togetherMs: 0 };
/** Values that last: a sample each second. */
const lasts = (from: number, to: number, value: number, host = 'a'): Push => [
  ...([from, 'push', host] as const),
  Array.from({ length: to - from }, () => value),
];

/** A stage each, from the sample on. */
const cases: Readonly<Record<string, Acceptance>> = {
  'for: a bound has to be crossed for long enough': {
    rules: [{ ...busy, forMs: 10_000 }],
    happens: [lasts(0, 8, 1), lasts(8, 20, 0), lasts(20, 40, 1), lasts(40, 41, 0)],
    want: [
      [30, 35, 'first Busy on a'],
      [40, 41, 'resolved Busy on a'],
    ],
    until: 60,
  },
  'hysteresis: it is over beyond the second bound alone': {
    rules: [{ ...busy, clear: 0.5 }],
    happens: [lasts(0, 5, 1), lasts(10, 15, 0.7), lasts(20, 25, 1), lasts(30, 31, 0.4)],
    want: [
      [0, 1, 'first Busy on a'],
      [30, 31, 'resolved Busy on a'],
    ],
    until: 40,
  },
  'keep firing: it is over once the condition has ceased for long enough': {
    rules: [{ ...busy, keepFiringMs: 20_000 }],
    happens: [lasts(0, 5, 1), lasts(10, 20, 0), lasts(20, 25, 1), lasts(30, 60, 0)],
    want: [
      [0, 1, 'first Busy on a'],
      [50, 55, 'resolved Busy on a'],
    ],
    until: 60,
  },
  'no data: a host that falls silent, and comes back': {
    rules: [{ kind: 'no-data', name: 'Host down', selector: 'busy', forMs: 60_000 }],
    happens: [lasts(0, 10, 0), lasts(130, 140, 0)],
    want: [
      [60, 130, 'first Host down on a'],
      [130, 135, 'resolved Host down on a'],
    ],
    until: 140,
  },
  'composite: both of its rules have to fire for one host': {
    rules: [
      { ...busy, severity: 'info' },
      { ...fatal, severity: 'info' },
      {
        kind: 'composite',
        name: 'Sick',
        severity: 'critical',
        condition: { all: [{ rule: 'Busy' }, { rule: 'Overloaded' }] },
      },
    ],
    route: { ...apart, minSeverity: 'critical' },
    happens: [lasts(0, 5, 0.95), lasts(10, 15, 0.95, 'b'), lasts(20, 25, 1), lasts(30, 31, 0)],
    want: [
      [20, 25, 'first Sick on a'],
      [30, 35, 'resolved Sick on a'],
    ],
    until: 40,
  },
  'grouping: hosts of one rule are one incident, told again once a minute': {
    rules: [busy],
    happens: [lasts(0, 80, 1), lasts(10, 80, 1, 'b'), lasts(20, 80, 1, 'c')],
    want: [
      [0, 1, 'first Busy on a'],
      [60, 65, 'more Busy on a and 2 more alerts on 3 hosts'],
    ],
    unsent: ['Busy on c fires: grouped'],
    until: 80,
  },
  'inhibition: what is worse mutes what is milder of the same series': {
    rules: [busy, fatal],
    route: apart,
    happens: [lasts(0, 20, 1), lasts(20, 21, 0)],
    want: [
      [0, 1, 'first Overloaded on a'],
      [20, 21, 'resolved Overloaded on a'],
    ],
    unsent: ['Busy on a fires: inhibited', 'Busy on a is over: never-told'],
    until: 30,
  },
  'silence: nothing is told until it has expired': {
    rules: [busy],
    silences: [{ matchers: ['host="a"'], endsAt: atSecond(30) }],
    happens: [lasts(0, 60, 1)],
    want: [[30, 35, 'first Busy on a']],
    until: 60,
  },
  'maintenance: nothing is told while the window is open': {
    rules: [busy],
    // 10:00 UTC is 11:00 in Berlin.
    silences: [
      {
        matchers: ['alertname="Busy"'],
        recurring: { timeZone: 'Europe/Berlin', times: [{ days: ['tue'], from: '10:00', to: '11:01' }] },
      },
    ],
    happens: [lasts(0, 90, 1)],
    want: [[60, 65, 'first Busy on a']],
    until: 90,
  },
  'cooldown: what comes back right after its end waits, and is told if it stays': {
    rules: [busy],
    route: { cooldownMs: 60_000 },
    happens: [lasts(0, 5, 1), lasts(5, 10, 0), lasts(20, 90, 1)],
    want: [
      [0, 1, 'first Busy on a'],
      [5, 6, 'resolved Busy on a'],
      [65, 75, 'again Busy on a and 1 more alert'],
    ],
    until: 90,
  },
  'flapping: what comes and goes is told once more, and then when it is calm': {
    rules: [busy],
    route: { cooldownMs: 20_000, flapping: { count: 2, withinMs: 600_000, calmMs: 60_000 } },
    happens: [0, 10, 20, 30].flatMap((at) => [lasts(at, at + 5, 1), lasts(at + 5, at + 10, 0)]),
    want: [
      [0, 1, 'first Busy on a'],
      [5, 6, 'resolved Busy on a'],
      [20, 25, 'flapping Busy on a and 2 more alerts'],
      [90, 105, 'resolved Busy on a and 3 more alerts'],
    ],
    until: 110,
  },
  'rate limit: the newest is told once there is room': {
    rules: [busy],
    route: apart,
    rateLimit: { count: 1, perMs: 60_000 },
    happens: [lasts(0, 90, 1), lasts(10, 90, 1, 'b')],
    want: [
      [0, 1, 'first Busy on a'],
      [60, 65, 'late Busy on b'],
    ],
    unsent: ['Busy on b fires: rate-limit', 'Busy on b to ops: rate-limit'],
    until: 90,
  },
  'hours: what does not page waits until people are there': {
    rules: [busy, { ...fatal, severity: 'page' }],
    route: { ...apart, hours: { timeZone: 'UTC', times: [{ days: ['tue'], from: '10:01', to: '18:00' }] } },
    happens: [lasts(0, 90, 0.95), lasts(10, 20, 1, 'b')],
    want: [
      [10, 11, 'first Overloaded on b'],
      [60, 65, 'first Busy on a'],
    ],
    until: 90,
  },
  'repeat and escalation: what nobody acknowledges goes on': {
    rules: [busy],
    route: { repeatMs: 60_000 },
    happens: [lasts(0, 130, 1)],
    want: [
      [0, 1, 'first Busy on a'],
      [60, 65, 'repeat Busy on a'],
      [120, 130, 'repeat Busy on a'],
    ],
    until: 130,
  },
  'retry: a receiver that is down hears of it once it is back, when it said': {
    rules: [busy],
    happens: [[0, 'receiver', 503, 40], lasts(1, 60, 1), [10, 'receiver', 200]],
    want: [[40, 50, 'first Busy on a']],
    until: 60,
  },
  'giving up: what a receiver does not want is not sent again': {
    rules: [busy],
    happens: [[0, 'receiver', 400], lasts(1, 60, 1), [10, 'receiver', 200], lasts(60, 61, 0)],
    want: [[60, 65, 'resolved Busy on a']],
    until: 70,
  },
  'a restart at any moment tells nothing twice': {
    rules: [{ ...busy, forMs: 10_000 }],
    happens: [
      lasts(0, 5, 1),
      [5, 'restart'],
      lasts(5, 15, 1),
      [15, 'restart'],
      [16, 'restart'],
      lasts(20, 21, 0),
      [22, 'restart'],
    ],
    want: [
      [10, 15, 'first Busy on a'],
      [20, 21, 'resolved Busy on a'],
    ],
    until: 40,
  },
};

test.each(Object.entries(cases))('%s', async (name, timeline) => {
  const { problems, unsent } = await accept(storage, name.slice(0, 100), timeline);
  expect(problems).toEqual([]);
  if (timeline.unsent !== undefined) expect(new Set(unsent)).toEqual(new Set(timeline.unsent));
});
