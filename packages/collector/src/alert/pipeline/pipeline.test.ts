import { afterAll, describe, expect, test } from 'vitest';
import { createTestStorage } from '../../storage/testing.ts';
import { play, timelineStart, type Timeline } from './testing-timeline.ts';

const { storage, drop } = await createTestStorage(() => timelineStart);
afterAll(drop);

/** What happens, and what a person is told of it: second, reason, title. */
interface Case extends Timeline {
  readonly told: readonly string[];
  /** What is not told, and why. */
  readonly unsent?: readonly string[];
}

const apart = { groupBy: ['alertname', 'host'], togetherMs: 0 };

const cases: Readonly<Record<string, Case>> = {
  'an incident is told when it begins and when it is over': {
    events: [
      [5, 'fires', 'Disk', 'a'],
      [65, 'ends', 'Disk', 'a'],
    ],
    until: 100,
    told: ['5 first Disk on a', '65 resolved Disk on a'],
  },
  'alerts of one name on several hosts are one incident, which is told again at most once a minute': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [10, 'fires', 'Disk', 'b'],
      [20, 'fires', 'Disk', 'c'],
      [70, 'fires', 'Disk', 'd'],
      [200, 'ends', 'Disk', 'a'],
      [201, 'ends', 'Disk', 'b'],
      [202, 'ends', 'Disk', 'c'],
      [203, 'ends', 'Disk', 'd'],
    ],
    until: 240,
    told: [
      '0 first Disk on a',
      '60 more Disk on a and 2 more alerts on 3 hosts',
      '120 more Disk on a and 3 more alerts on 4 hosts',
      '203 resolved Disk on a and 3 more alerts on 4 hosts',
    ],
    unsent: [
      'Disk on a is over: grouped',
      'Disk on b is over: grouped',
      'Disk on c fires: grouped',
      'Disk on c is over: grouped',
    ],
  },
  'it waits for others before it is first told, where the route says so': {
    route: { groupWaitMs: 30_000 },
    events: [
      [0, 'fires', 'Disk', 'a'],
      [20, 'fires', 'Disk', 'b'],
    ],
    until: 60,
    told: ['30 first Disk on a and 1 more alert on 2 hosts'],
    unsent: ['Disk on b fires: grouped'],
  },
  'what begins on one host at the same time has one cause; what begins later does not': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [30, 'fires', 'Load', 'a'],
      [30, 'fires', 'Memory', 'b'],
      [400, 'fires', 'Errors', 'a'],
    ],
    until: 410,
    told: ['0 first Disk on a', '30 first Memory on b', '60 more Disk on a and 1 more alert', '400 first Errors on a'],
  },
  'hosts of one cluster that fail together are one incident': {
    events: [
      [0, 'fires', 'Disk', 'a', { labels: { cluster: 'x' } }],
      [5, 'fires', 'Load', 'b', { labels: { cluster: 'x' } }],
      [5, 'fires', 'Load', 'c', { labels: { cluster: 'y' } }],
    ],
    until: 61,
    told: ['0 first Disk on a', '5 first Load on c', '60 more Disk on a and 1 more alert on 2 hosts'],
  },
  'the cause that others depend on is named first, even if it is found last': {
    events: [
      [0, 'fires', 'Errors', 'web-1', { labels: { depends_on: 'db-1' }, severity: 'critical' }],
      [1, 'fires', 'Errors', 'web-2', { labels: { depends_on: 'db-1' }, severity: 'critical' }],
      [5, 'fires', 'Disk', 'db-1'],
    ],
    until: 61,
    told: ['0 first Errors on web-1', '60 more Disk on db-1 and 2 more alerts on 3 hosts'],
    unsent: ['Errors on web-2 fires: grouped'],
  },
  'what gets worse is told at once': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [10, 'fires', 'Load', 'a', { severity: 'critical' }],
    ],
    until: 30,
    told: ['0 first Disk on a', '10 worse Load on a and 1 more alert'],
  },
  'an alert of the same series that is worse mutes the other': {
    route: apart,
    events: [
      [0, 'fires', 'Disk', 'a', { labels: { mount: '/' } }],
      [0, 'fires', 'Disk', 'b', { severity: 'critical', labels: { mount: '/' } }],
    ],
    until: 5,
    told: ['0 first Disk on a', '0 first Disk on b'],
  },
  'while a host is down nobody hears of what runs on it, but does once it is up and that goes on': {
    route: apart,
    events: [
      [0, 'fires', 'Host down', 'a', { severity: 'critical' }],
      [1, 'fires', 'Service', 'a'],
      [1, 'fires', 'Service', 'b'],
      [60, 'ends', 'Host down', 'a'],
    ],
    until: 90,
    told: ['0 first Host down on a', '1 first Service on b', '60 first Service on a', '60 resolved Host down on a'],
  },
  'what is inhibited and over leaves a reason': {
    route: apart,
    inhibitions: [{ name: 'switch', source: ['alertname="Switch"'], target: ['alertname="Ping"'], equal: ['rack'] }],
    events: [
      [0, 'fires', 'Switch', 's', { labels: { rack: '7' } }],
      [1, 'fires', 'Ping', 'a', { labels: { rack: '7' } }],
      [1, 'fires', 'Ping', 'b', { labels: { rack: '8' } }],
      [1, 'fires', 'Ping', 'c'],
      [9, 'ends', 'Ping', 'a'],
    ],
    until: 10,
    told: ['0 first Switch on s', '1 first Ping on b', '1 first Ping on c'],
    unsent: ['Ping on a fires: inhibited', 'Ping on a is over: never-told'],
  },
  'a silenced alert is not sent, and is sent once the silence has expired': {
    silences: [{ matchers: ['host="a"'], endsAt: timelineStart + 60_000, comment: 'reboot', createdBy: 'ann' }],
    events: [
      [0, 'fires', 'Disk', 'a'],
      [10, 'ends', 'Disk', 'a'],
      [20, 'fires', 'Disk', 'a'],
    ],
    until: 90,
    told: ['60 first Disk on a and 1 more alert'],
    unsent: ['Disk on a fires: silenced', 'Disk on a is over: never-told'],
  },
  'a maintenance window mutes by the clocks of its time zone': {
    route: apart,
    // It is 11:00 in Berlin.
    silences: [
      {
        matchers: ['alertname=~"Disk|Load"'],
        recurring: { timeZone: 'Europe/Berlin', times: [{ days: ['tue'], from: '10:30', to: '11:01' }] },
      },
    ],
    events: [
      [0, 'fires', 'Disk', 'a'],
      [0, 'fires', 'Errors', 'a'],
      [30, 'ends', 'Disk', 'a'],
      [50, 'fires', 'Load', 'a'],
    ],
    until: 70,
    told: ['0 first Errors on a', '60 first Load on a'],
    unsent: ['Disk on a fires: maintenance', 'Disk on a is over: never-told'],
  },
  'what fires again right after it was over waits for the cooldown, and is told if it stays': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [10, 'ends', 'Disk', 'a'],
      [20, 'fires', 'Disk', 'a'],
      [30, 'ends', 'Disk', 'a'],
      [40, 'fires', 'Disk', 'a'],
    ],
    until: 330,
    told: ['0 first Disk on a', '10 resolved Disk on a', '310 again Disk on a and 2 more alerts'],
    unsent: ['Disk on a fires: cooldown', 'Disk on a is over: never-told'],
  },
  'what comes back worse does not wait': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [10, 'ends', 'Disk', 'a'],
      [20, 'fires', 'Disk', 'b', { severity: 'page' }],
    ],
    until: 30,
    told: ['0 first Disk on a', '10 resolved Disk on a', '20 again Disk on b and 1 more alert on 2 hosts'],
  },
  'what comes and goes is told once as flapping, and its end once it is calm': {
    route: { flapping: { count: 3, withinMs: 600_000, calmMs: 120_000 } },
    events: [0, 60, 120, 180, 240, 300].flatMap((at): Timeline['events'] => [
      [at, 'fires', 'Disk', 'a'],
      [at + 30, 'ends', 'Disk', 'a'],
    ]),
    until: 500,
    told: [
      '0 first Disk on a',
      '30 resolved Disk on a',
      '180 flapping Disk on a and 3 more alerts',
      '450 resolved Disk on a and 5 more alerts',
    ],
  },
  'a series that fires again within an incident that goes on is not told again': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [0, 'fires', 'Disk', 'b'],
      [100, 'ends', 'Disk', 'a'],
      [200, 'fires', 'Disk', 'a'],
    ],
    until: 300,
    told: ['0 first Disk on a and 1 more alert on 2 hosts'],
    unsent: ['Disk on a fires: deduplicated', 'Disk on a is over: grouped', 'Disk on b fires: grouped'],
  },
  'somebody who looks into it is left alone, unless it gets worse': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [10, 'act', { kind: 'acknowledge' }],
      [20, 'fires', 'Disk', 'b'],
      [100, 'fires', 'Disk', 'c', { severity: 'page' }],
      [110, 'ends', 'Disk', 'a'],
    ],
    until: 120,
    told: ['0 first Disk on a', '100 worse Disk on c and 2 more alerts on 3 hosts'],
    unsent: ['Disk on a is over: grouped', 'Disk on b fires: grouped'],
  },
  'what nobody acknowledges is told to the next, and again after a while': {
    channels: [{ name: 'first' }, { name: 'second' }],
    route: { repeatMs: 600_000 },
    events: [[0, 'fires', 'Disk', 'a']],
    until: 601,
    told: ['0', '600'].flatMap((at) =>
      ['first', 'second'].map((channel) => `${at} ${at === '0' ? 'first' : 'repeat'} Disk on a -> ${channel}`),
    ),
  },
  'an escalation goes up step by step until it is acknowledged, and all hear of the end': {
    channels: [{ name: 'team' }, { name: 'lead' }, { name: 'boss' }],
    route: {
      ...apart,
      channels: ['team'],
      escalation: [
        { afterMs: 60_000, channels: ['lead'], onCall: [] },
        { afterMs: 120_000, channels: ['boss'], onCall: [] },
      ],
    },
    events: [
      [0, 'fires', 'Disk', 'a'],
      [70, 'act', { kind: 'acknowledge' }],
      [200, 'ends', 'Disk', 'a'],
      [600, 'fires', 'Load', 'a'],
    ],
    until: 730,
    told: [
      '0 first Disk on a -> team',
      '60 escalated Disk on a -> lead',
      '200 resolved Disk on a -> lead',
      '200 resolved Disk on a -> team',
      '600 first Load on a -> team',
      '660 escalated Load on a -> lead',
      '720 escalated Load on a -> boss',
    ],
  },
  'whoever is on call is told, and who was told of the beginning is told of the end': {
    channels: [{ name: 'ann' }, { name: 'bob' }, { name: 'cid' }],
    rotations: [{ name: 'ops', startsOn: '2026-11-23', handOverAt: '10:01', people: ['ann', 'bob'] }],
    route: { onCall: ['ops'], groupIntervalMs: 0 },
    events: [
      [0, 'fires', 'Disk', 'a'],
      [90, 'fires', 'Disk', 'b'],
      [100, 'ends', 'Disk', 'a'],
      [101, 'ends', 'Disk', 'b'],
    ],
    until: 110,
    told: [
      '0 first Disk on a -> ann',
      '90 more Disk on a and 1 more alert on 2 hosts -> bob',
      '101 resolved Disk on a and 1 more alert on 2 hosts -> ann',
      '101 resolved Disk on a and 1 more alert on 2 hosts -> bob',
    ],
  },
  'an escalation reaches whoever is on call then; a step that reaches nobody is recorded': {
    channels: [{ name: 'team' }, { name: 'ann' }, { name: 'bob' }],
    rotations: [
      {
        name: 'ops',
        startsOn: '2026-11-20',
        handOverAt: '09:00',
        people: ['ann', 'bob'],
        overrides: [['bob', 50, 70]],
      },
      { name: 'later', startsOn: '2026-12-24', handOverAt: '09:00', people: ['ann'] },
    ],
    route: {
      channels: ['team'],
      escalation: [
        { afterMs: 60_000, channels: [], onCall: ['ops'] },
        { afterMs: 90_000, channels: [], onCall: ['later'] },
        { afterMs: 120_000, channels: [], onCall: ['ops'] },
      ],
    },
    events: [[0, 'fires', 'Disk', 'a']],
    until: 130,
    told: ['0 first Disk on a -> team', '60 escalated Disk on a -> bob', '120 escalated Disk on a -> ann'],
    unsent: ['Disk on a to step 2: nobody-on-call'],
  },
  'a route whose rotation has nobody waits for somebody to be on call': {
    channels: [{ name: 'ann' }],
    rotations: [{ name: 'ops', startsOn: '2026-11-24', handOverAt: '10:01', people: ['ann'] }],
    route: { ...apart, onCall: ['ops'] },
    events: [
      [0, 'fires', 'Disk', 'a'],
      [1, 'fires', 'Load', 'a'],
      [2, 'ends', 'Load', 'a'],
    ],
    until: 70,
    told: ['60 first Disk on a'],
    unsent: ['Load on a fires: no-channel', 'Load on a is over: never-told'],
  },
  'a snoozed incident is told when it wakes, if it is still there': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [10, 'act', { kind: 'snooze', until: timelineStart + 100_000 }],
      [20, 'fires', 'Disk', 'b'],
    ],
    until: 120,
    told: ['0 first Disk on a', '100 more Disk on a and 1 more alert on 2 hosts'],
  },
  'an incident that was closed by hand is told as over, and what fires next is another': {
    events: [
      [0, 'fires', 'Disk', 'a'],
      [10, 'act', { kind: 'resolve' }],
      [20, 'fires', 'Disk', 'b'],
      [30, 'ends', 'Disk', 'a'],
    ],
    until: 60,
    told: ['0 first Disk on a', '10 resolved Disk on a', '20 first Disk on b'],
    unsent: ['Disk on a is over: closed'],
  },
  'a channel at its limit is told the newest once it has room; what pages comes through': {
    channels: [{ rateLimit: { count: 2, perMs: 60_000 } }],
    route: apart,
    events: [
      [0, 'fires', 'A', 'a'],
      [1, 'fires', 'B', 'a'],
      [2, 'fires', 'C', 'a'],
      [3, 'fires', 'D', 'a', { severity: 'page' }],
      [4, 'ends', 'C', 'a'],
    ],
    until: 70,
    told: ['0 first A on a', '1 first B on a', '3 first D on a', '61 late C on a'],
    unsent: [
      'C on a fires: rate-limit',
      'C on a is over: rate-limit',
      'C on a to ops: rate-limit',
      'C on a to ops: rate-limit',
    ],
  },
  'outside of its hours a route tells only what pages, and the rest when they begin': {
    route: { ...apart, hours: { timeZone: 'UTC', times: [{ days: ['tue'], from: '10:01', to: '18:00' }] } },
    events: [
      [0, 'fires', 'Disk', 'a', { severity: 'critical' }],
      [1, 'fires', 'Fire', 'a', { severity: 'page' }],
      [2, 'fires', 'Load', 'a'],
      [3, 'ends', 'Load', 'a'],
    ],
    until: 70,
    told: ['1 first Fire on a', '60 first Disk on a'],
    unsent: ['Load on a fires: out-of-hours', 'Load on a is over: never-told'],
  },
  'a route has its least severity, and a reason for what is below': {
    route: { ...apart, minSeverity: 'critical' },
    events: [
      [0, 'fires', 'Disk', 'a'],
      [1, 'fires', 'Fire', 'a', { severity: 'critical' }],
    ],
    until: 5,
    told: ['1 first Fire on a'],
    unsent: ['Disk on a fires: severity'],
  },
  'a rule on trial tells nobody and mutes nobody; what still fires at its end is told': {
    route: apart,
    events: [
      [0, 'fires', 'Disk', 'a', { shadowUntil: 60, severity: 'critical', labels: { mount: '/' } }],
      [1, 'fires', 'Host down', 'b', { shadowUntil: 600 }],
      [2, 'fires', 'Load', 'b'],
      [9, 'ends', 'Host down', 'b'],
    ],
    until: 65,
    told: ['2 first Load on b', '60 first Disk on a'],
    unsent: ['Host down on b fires: shadow', 'Host down on b is over: never-told'],
  },
  'a route that leads nowhere tells nobody, and says so': {
    route: { channels: [] },
    events: [[0, 'fires', 'Disk', 'a']],
    until: 5,
    told: [],
    unsent: ['Disk on a fires: no-channel'],
  },
};

describe.each(Object.entries(cases))('%s', (name, { told, unsent, ...timeline }) => {
  test.each([false, true])('with restarts: %s', async (restarts) => {
    const outcome = await play(storage, `${name} ${restarts}`.slice(0, 100), { ...timeline, restarts });
    expect(outcome.told).toEqual(told);
    if (unsent !== undefined) expect(new Set(outcome.unsent)).toEqual(new Set(unsent));
    // Every beginning and end has exactly one decision.
    const changes = timeline.events.filter(([, what]) => what !== 'act').length;
    expect(outcome.summary.changes).toBe(changes);
  });
});

test('an alert that is over is shown as over in its incident, whether others go on or nobody was told', async () => {
  const { incidents } = await play(storage, 'over', {
    route: { togetherMs: 0 },
    silences: [
      { matchers: ['alertname="Load"'], endsAt: timelineStart + 600_000, comment: 'reboot', createdBy: 'ann' },
    ],
    events: [
      [0, 'fires', 'Disk', 'a'],
      [5, 'fires', 'Disk', 'b'],
      [5, 'fires', 'Load', 'c'],
      [9, 'ends', 'Disk', 'b'],
      [9, 'ends', 'Load', 'c'],
    ],
    until: 20,
  });
  const shown = incidents.map(({ status, alerts }) => [
    status,
    alerts.map(({ name, host, state }) => `${name} on ${host}: ${state.kind}`),
  ]);
  expect(shown).toHaveLength(2);
  expect(shown).toContainEqual(['open', ['Disk on a: firing', 'Disk on b: resolved']]);
  expect(shown).toContainEqual(['resolved', ['Load on c: resolved']]);
});
