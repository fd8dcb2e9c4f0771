import { optimisationResultSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { dayMs } from '../../../storage/hours.ts';
import { createTestStorage } from '../../../storage/testing.ts';
import { testContext, type TestSeries } from '../../testing-context.ts';
import { partsOf, resized, type HostInput } from './host-parts.ts';
import { optimiseScore } from './optimise-score.ts';
import { outcomeOf, outcomesOf } from './outcome.ts';
import { recommend, sizeFor } from './recommend.ts';
import { createScoreKeeper, scoreSamples } from './score-keeper.ts';
import { hostPoints, pointsOf, scoreTenant, type TenantInput } from './score.ts';

const db = await createTestStorage();
afterAll(() => db.drop());

const gib = 1024 ** 3;
const prices = { coreHour: 30_000_000, gibHour: 4_000_000 };
const flat = (value: number, length = 30): Float64Array => new Float64Array(length).fill(value);
const none = new Float64Array();

function host(name: string, more: Partial<HostInput> = {}): HostInput {
  return {
    host: name,
    groups: ['role=web'],
    cores: 8,
    memoryBytes: 16 * gib,
    used: { cpu: flat(0.5), memory: flat(0.4), disk: flat(0.1), network: none },
    waiting: { cpu: flat(0), memory: flat(0), io: flat(0) },
    anomalies: flat(0.01),
    day: { cpu: flat(0.5, 288), memory: flat(0.4, 288), steps: 288 },
    told: 0,
    noise: 0,
    calls: 0,
    failed: 0,
    ...more,
  };
}
const tenantOf = (hosts: readonly HostInput[], more: Partial<TenantInput> = {}): TenantInput => ({
  hosts,
  told: 0,
  noise: 0,
  calls: 0,
  failed: 0,
  previous: new Map(),
  ...more,
});
const noSources = { rules: [], callers: [] };

test('each part is what its bounds say: half of what is left is half a part', () => {
  const parts = partsOf(
    host('a', {
      used: { cpu: flat(0.85), memory: flat(0.4), disk: none, network: none },
      waiting: { cpu: flat(0.05), memory: flat(0.01), io: none },
      anomalies: flat(0.02),
      told: 10,
      noise: 4,
      calls: 10_000,
      failed: 5,
    }),
    prices,
  );
  expect(Object.values(parts).map(({ value }) => value && Number(value.toFixed(6)))).toEqual([
    0.5,
    0.5,
    0.8,
    0.6,
    // 6 of 8 cores and 8 of 16 GiB would do: (6 x 0.03 + 8 x 0.004) / (8 x 0.03 + 16 x 0.004).
    Number(((0.18 + 0.032) / (0.24 + 0.064)).toFixed(6)),
    0.5,
  ]);
  expect(parts.headroom.reason).toMatch(/^85 % of its cpu is in use, or less, in 95 % of the time/u);
  // 0.25 x 0.5 + 0.2 x 0.5 + 0.15 x 0.8 + 0.1 x 0.6 + 0.15 x 0.697 + 0.15 x 0.5.
  expect(pointsOf(parts)).toBeCloseTo(100 * (0.125 + 0.1 + 0.12 + 0.06 + 0.15 * (0.212 / 0.304) + 0.075), 6);
});

test('what is not known counts for nothing, and its weight is shared by the rest; all weights are 1', () => {
  const { hosts, tenant, groups } = scoreTenant(tenantOf([host('a'), host('b', { anomalies: none })]), prices, 0);
  for (const { parts, score } of [...hosts, ...groups, tenant]) {
    expect(parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(parts.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(score, 1);
  }
  expect(hosts.find(({ name }) => name === 'b')?.parts.find(({ id }) => id === 'anomalies')).toMatchObject({
    score: null,
    weight: 0,
  });
  expect(groups).toMatchObject([{ name: 'role=web', hosts: 2 }]);
});

test('a score that changes all the time has a wider interval than a steady one', () => {
  const wild = Float64Array.from({ length: 30 }, (_, at) => 0.7 + at / 100);
  const { hosts } = scoreTenant(
    tenantOf([host('wild', { used: { cpu: wild, memory: none, disk: none, network: none } }), host('calm')]),
    prices,
    0,
  );
  const width = (name: string): number => {
    const of = hosts.find((one) => one.name === name);
    return (of?.interval.high ?? 0) - (of?.interval.low ?? 0);
  };
  expect(width('calm')).toBe(0);
  expect(width('wild')).toBeGreaterThan(0);
});

test('a host that is too large is to be made smaller, and gains what it gains when it is', () => {
  const idle = host('idle', {
    used: { cpu: flat(0.1), memory: flat(0.1), disk: none, network: none },
    day: { cpu: flat(0.1, 288), memory: flat(0.1, 288), steps: 288 },
  });
  const [first] = recommend(tenantOf([idle, host('fit')]), noSources, prices, 7);
  expect(first).toMatchObject({
    kind: 'cost-efficiency',
    subject: { kind: 'host', name: 'idle' },
    title: 'Give idle 2 cores and 2.5 GiB instead of 8 cores and 16 GiB',
    // 730 x (8 x 0.03 + 16 x 0.004) - 730 x (2 x 0.03 + 2.5 x 0.004).
    saving: '170.82',
    state: 'open',
  });
  const real = hostPoints(resized(idle, sizeFor(idle, prices)), prices) - hostPoints(idle, prices);
  expect(first?.gain.subject).toBeCloseTo(real, 2);
  // One of two hosts: half as much for the tenant, as long as both know the same parts.
  expect(first?.gain.tenant).toBeCloseTo(real / 2, 1);
});

test('a size that is recommended is not the one that is too small when it was followed', () => {
  const idle = host('idle', {
    used: { cpu: flat(0.05), memory: flat(0.3), disk: none, network: none },
    day: { cpu: flat(0.05, 288), memory: flat(0.3, 288), steps: 288 },
  });
  const size = sizeFor(idle, prices);
  // 4.8 GiB are 80 % of 6, which does for a day, and more than the 70 % that are well.
  expect(size).toEqual({ cores: 1, memoryBytes: 7 * gib });
  expect(recommend(tenantOf([resized(idle, size)]), noSources, prices, 7)).toEqual([]);
});

test('a host that is too small is to be made larger; noise and failures have a name', () => {
  const busy = host('busy', {
    used: { cpu: flat(0.98), memory: flat(0.4), disk: none, network: none },
    day: { cpu: flat(0.98, 288), memory: flat(0.4, 288), steps: 288 },
  });
  const tenant = tenantOf([busy], { told: 20, noise: 10, calls: 1_000_000, failed: 600 });
  const sources = {
    rules: [
      { name: 'Flappy', told: 9, noise: 8 },
      { name: 'Fine', told: 11, noise: 2 },
    ],
    callers: [{ name: 'checkout', calls: 1_000, failed: 500 }],
  };
  const found = recommend(tenant, sources, prices, 7);
  expect(found.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['headroom', 'alert-noise', 'error-budget']));
  expect(found.find(({ kind }) => kind === 'headroom')?.title).toMatch(/^Give busy 12 cores and 16 GiB/u);
  expect(found.find(({ kind }) => kind === 'alert-noise')?.title).toContain('Tune Flappy: 8 of the 9');
  expect(found.find(({ kind }) => kind === 'error-budget')?.gain.subject).toBeGreaterThan(0);
});

test('what happened is measured beside what others did meanwhile', () => {
  const gain = { subject: 5, tenant: 1, low: 4, high: 6 };
  const history = (before: number, after: number) => ({ before: flat(before, 24), after: flat(after, 24) });
  // All gained two points by themselves.
  const others = [history(80, 82), history(60, 62), history(70, 72)];
  expect(outcomeOf({ gain }, history(70, 77), others, 1)).toMatchObject({ actual: 5, verdict: 'as-expected' });
  expect(outcomeOf({ gain }, history(70, 72), others, 1)).toMatchObject({ actual: 0, verdict: 'less' });
  expect(outcomeOf({ gain }, history(70, 60), others, 1)).toMatchObject({ verdict: 'worse' });
  expect(outcomeOf({ gain }, { before: flat(70, 3), after: flat(77, 24) }, others, 1)).toBeUndefined();
  const [right, wrong] = [
    outcomeOf({ gain }, history(70, 77), others, 1),
    outcomeOf({ gain }, history(70, 72), others, 1),
  ];
  expect(outcomesOf([right].flatMap((one) => one ?? []))).toMatchObject({
    isBetter: true,
    meanError: 0,
    baselineError: 5,
  });
  expect(outcomesOf([wrong].flatMap((one) => one ?? []))).toMatchObject({ isBetter: false, meanError: 5 });
});

const now = Date.UTC(2026, 10, 30, 12);
function series(labels: Record<string, string>, valueAt: (time: number) => number, hours = 24): TestSeries {
  const times = Float64Array.from({ length: hours * 60 + 1 }, (_, at) => now - (hours * 60 - at) * 60_000);
  return { labels, times, values: times.map(valueAt) };
}
const ofHost = (name: string, cpu: number): TestSeries[] => [
  series({ __name__: 'cpu_busy_ratio', cpu: 'all', host: name, role: 'web' }, () => cpu),
  series({ __name__: 'cpu_cores', host: name, role: 'web' }, () => 8),
  series({ __name__: 'memory_total_bytes', host: name }, () => 16 * gib),
  series({ __name__: 'memory_used_ratio', host: name }, () => 0.3),
];

test('the job reads hosts, keeps what it recommends, and a day after one was followed says what really happened', async () => {
  const scope = await db.storage.tenants.ensure('acme');
  const context = (more: readonly TestSeries[], at = now) => testContext(db.storage, scope, more, at);
  const hosts = [...ofHost('idle', 0.05), ...ofHost('fit', 0.6)];
  const result = optimisationResultSchema.parse(await optimiseScore.run({}, context(hosts)));
  expect(result.hosts.map(({ name }) => name).toSorted()).toEqual(['fit', 'idle']);
  expect(result.groups).toMatchObject([{ name: 'role=web', hosts: 2 }]);
  const [first] = result.recommendations;
  expect(first).toMatchObject({ subject: { name: 'idle' }, state: 'open' });
  const id = first?.id ?? '';
  // It is found again, and is the same one.
  const again = optimisationResultSchema.parse(await optimiseScore.run({}, context(hosts, now + 1)));
  expect(again.recommendations[0]).toMatchObject({ id });

  await db.storage.recommendations.change(scope, id, ['open'], (one) => ({
    ...one,
    state: 'followed',
    changedAt: now - dayMs,
    followedAt: now - dayMs,
    followedBy: 'ann',
  }));
  const expected = first?.gain.subject ?? 0;
  const score = (name: string, after: number): TestSeries =>
    series(
      { __name__: 'optimisation_score', kind: 'host', host: name },
      (time) => (time > now - dayMs ? 60 + after : 60),
      50,
    );
  const later = await optimiseScore.run({}, context([...hosts, score('idle', expected + 1), score('fit', 1)]));
  expect(later).toMatchObject({ outcomes: { measured: 1, isBetter: true } });
  const measured = await db.storage.recommendations.find(scope, id);
  expect(measured).toMatchObject({ state: 'measured', outcome: { verdict: 'as-expected' } });
  expect(measured?.outcome?.actual).toBeCloseTo(expected, 0);
  await expect(optimiseScore.run({}, context([]))).rejects.toMatchObject({ code: 'jobs/series' });
});

test('a host that has been silent for ten minutes has as many cores as before', async () => {
  const scope = await db.storage.tenants.ensure('silent');
  const silent = ofHost('a', 0.6).map(({ labels, times, values }) => ({
    labels,
    times: times.subarray(0, -10),
    values: values.subarray(0, -10),
  }));
  const result = optimisationResultSchema.parse(
    await optimiseScore.run({}, testContext(db.storage, scope, silent, now)),
  );
  expect(result.hosts[0]?.parts.find(({ id }) => id === 'cost-efficiency')?.reason).toMatch(/^7 cores and 6 GiB/u);
});

test('scores are series, too: of hosts, groups and the tenant, and of each part that is known', async () => {
  const scope = await db.storage.tenants.ensure('keeper');
  const kept: string[] = [];
  const keeper = createScoreKeeper({
    reader: testContext(db.storage, scope, ofHost('a', 0.5), now),
    async record(_, identities, values, time) {
      expect(time).toBe(now);
      kept.push(...identities.map(({ name, labels }, at) => `${name}${JSON.stringify(labels)} ${values[at]}`));
    },
    now: () => now,
  });
  await keeper.keep(scope);
  const current = await keeper.current(scope);
  expect(kept).toContain(`optimisation_score{"kind":"host","host":"a"} ${current.hosts[0]?.score}`);
  expect(kept).toContain(`optimisation_score{"kind":"tenant"} ${current.tenant.score}`);
  expect(kept.filter((one) => one.includes('"part":"headroom"'))).toHaveLength(3);
  expect(scoreSamples(current)).toHaveLength(kept.length);
});
