import { afterAll, beforeEach, expect, test } from 'vitest';
import type { NewSchedule } from '@tarsier/protocol/api';
import { silentLog } from '../log.ts';
import { createTestStorage } from '../storage/testing.ts';
import type { TenantScope } from '../tenant.ts';
import { createJobQueue } from './queue.ts';
import { dueTimes, nextTime } from './schedule.ts';
import { jobTypes } from './testing-types.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const at = (text: string): number => Date.parse(text);

test('a schedule goes by its time zone, also when clocks there are changed', () => {
  const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
  expect(nextTime(berlin, at('2026-06-30T12:00Z'))).toBe(at('2026-07-01T00:30Z'));
  expect(nextTime(berlin, at('2026-12-30T12:00Z'))).toBe(at('2026-12-31T01:30Z'));
  // In the last night of March there is no half past two, and in that of October there are two: once each all the same.
  for (const [from, to] of [
    ['2026-03-28T12:00Z', '2026-03-30T12:00Z'],
    ['2026-10-24T12:00Z', '2026-10-26T12:00Z'],
  ] as const) {
    const times: number[] = [];
    for (let time = nextTime(berlin, at(from)); time !== null && time < at(to); time = nextTime(berlin, time)) {
      times.push(time);
    }
    expect(times.map((time) => new Date(time).toISOString().slice(0, 10))).toEqual([
      ...new Set(times.map((time) => new Date(time).toISOString().slice(0, 10))),
    ]);
    expect(times).toHaveLength(2);
  }
  expect(() => nextTime({ cron: '61 * * * *', timeZone: 'UTC' }, 0)).toThrow(/^cron: /u);
  expect(() => nextTime({ cron: '* * * * *', timeZone: 'Mars/Olympus' }, 0)).toThrow(/^timeZone: /u);
});

const hourly = { cron: '0 * * * *', timeZone: 'UTC' } as const;
const noon = at('2026-11-30T12:00Z');

test.each([
  { missed: 'skip', late: 10_000, runs: [0] },
  { missed: 'once', late: 10_000, runs: [0] },
  { missed: 'all', late: 10_000, runs: [0] },
  { missed: 'skip', late: 5 * hour + 10 * minute, runs: [] },
  { missed: 'skip', late: 5 * hour + 10_000, runs: [5] },
  { missed: 'once', late: 5 * hour + 10 * minute, runs: [5] },
  { missed: 'all', late: 5 * hour + 10 * minute, runs: [0, 1, 2, 3, 4, 5] },
] as const)(
  '$missed, $late ms late: runs of the hours $runs, and the next one is to come',
  ({ missed, late, runs }) => {
    const now = noon + late;
    const { times, nextAt } = dueTimes({ ...hourly, missed, nextAt: noon }, now);
    expect(times).toEqual(runs.map((hours) => noon + hours * hour));
    expect(nextAt).toBe(noon + Math.ceil((late + 1) / hour) * hour);
  },
);

test('of a year that was missed at most a hundred runs are made up for, the newest', () => {
  const { times } = dueTimes({ ...hourly, missed: 'all', nextAt: noon - 365 * day }, noon);
  expect(times).toEqual(Array.from({ length: 100 }, (_, hours) => noon - (99 - hours) * hour));
});

const db = await createTestStorage();
afterAll(() => db.drop());
let clock = noon;
beforeEach(() => (clock = noon));
let tenants = 0;

const queueOf = () =>
  createJobQueue({ storage: db.storage, types: jobTypes, pricePerSecond: 1, log: silentLog, now: () => clock });

async function scheduled(more: Partial<NewSchedule>): Promise<TenantScope> {
  const scope = await db.storage.tenants.ensure(`schedules-${++tenants}`);
  const schedule: NewSchedule = {
    name: 'hourly',
    type: 'echo',
    payload: {},
    priority: 0,
    missed: 'once',
    enabled: true,
    ...hourly,
    ...more,
  };
  await queueOf().createSchedule(scope, schedule);
  return scope;
}

const jobsOf = async ({ tenantId }: TenantScope): Promise<number> => {
  const [row] = await db.sql<{ jobs: number }[]>`select count(*)::int as jobs from job where tenant_id = ${tenantId}`;
  return row?.jobs ?? 0;
};

test('each time is a job once, whoever looks and whatever the clock does', async () => {
  const scope = await scheduled({ missed: 'all' });
  const queues = [queueOf(), queueOf(), queueOf()];
  const fire = () => Promise.all(queues.map((queue) => queue.fire()));
  await fire();
  expect(await jobsOf(scope)).toBe(0);
  clock = noon + hour;
  await fire();
  expect(await jobsOf(scope)).toBe(1);
  // It is set back by two hours, and gets there again.
  for (clock = noon - hour; clock <= noon + hour; clock += 10 * minute) await fire();
  expect(await jobsOf(scope)).toBe(1);
  // It leaps ahead by a day.
  clock = noon + day;
  await fire();
  expect(await jobsOf(scope)).toBe(24);
});

test('one that is not enabled, or whose type is gone or wants another payload, submits nothing and holds up no other', async () => {
  const off = await scheduled({ enabled: false });
  const gone = await scheduled({});
  await db.sql`
    update job_schedule set body = jsonb_set(body, '{type}', '"gone"') where tenant_id = ${gone.tenantId}`;
  const wrong = await scheduled({});
  await db.sql`
    update job_schedule set body = jsonb_set(body, '{type}', '"pause"') where tenant_id = ${wrong.tenantId}`;
  const good = await scheduled({});
  clock = noon + hour;
  expect(await queueOf().fire()).toBe(1);
  expect(await Promise.all([off, gone, wrong, good].map(jobsOf))).toEqual([0, 0, 0, 1]);
});
