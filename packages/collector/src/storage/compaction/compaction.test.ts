import { encodePayload, type SeriesColumn, type UnixMs } from '@tarsier/protocol';
import { rollUp } from '@tarsier/protocol/chunk';
import { zstdCompress } from '@tarsier/protocol/zstd';
import fc from 'fast-check';
import { afterAll, afterEach, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { aggregateRollup } from '../../query/aggregate.ts';
import { createQuery } from '../../query/query.ts';
import type { TenantScope } from '../../tenant.ts';
import type { NewBatch } from '../batches.ts';
import type { HostKey } from '../host-lock.ts';
import { hourMs, minuteMs } from '../hours.ts';
import { createTestStorage } from '../testing.ts';
import { defaultPolicy } from './compactor.ts';
import { SampleModel, seriesKey, toNewBatch, type PlainBatch } from './testing.ts';

const t0 = Date.UTC(2026, 10, 24, 12);
const { storage, sql, another, drop } = await createTestStorage(() => t0);
await storage.ensurePartitions(t0);
afterAll(drop);
const query = createQuery({ storage });

/** What is over is sealed at once. */
const eager = { ...defaultPolicy, coldMs: 0, sealAfterMs: 0, settleMs: 0, resealAfterMs: 0 };
const compactor = storage.createCompactor(silentLog, eager);
let tenants = 0;

type Points = ReadonlyMap<string, readonly (readonly [at: UnixMs, value: number])[]>;

async function stored(scope: TenantScope, from: UnixMs, to: UnixMs): Promise<Points> {
  const series = await storage.series.candidates(scope, []);
  const found = await storage.samples.read(scope, series, { from, to });
  return new Map(
    series.flatMap((row) => {
      const column = found.get(row.seriesId);
      return column === undefined ? [] : [[seriesKey(row), pointsOf(column)] as const];
    }),
  );
}

function pointsOf({ times, values }: SeriesColumn): [UnixMs, number][] {
  return Array.from(times, (time, row): [UnixMs, number] => [time, values[row] ?? Number.NaN]);
}

async function put(scope: TenantScope, ...batches: readonly PlainBatch[]): Promise<void> {
  await storage.batches.insert(await Promise.all(batches.map((batch) => toNewBatch(storage, scope, batch))));
}

/** As an agent's, of host `a`: its samples are in the ledger. Ten ticks of two series from `at` on. */
async function agentBatch(scope: TenantScope, seq: number, at: UnixMs): Promise<NewBatch> {
  const plain = { host: 'a', epoch: 1, seq, series: ['0', '1'], ticks: ticks(at, 10, () => seq) };
  return { ...(await toNewBatch(storage, scope, plain)), samples: 20 };
}

/** Samples of host `a`, and batches, as the ledger and the usage count them. */
async function counted(scope: TenantScope): Promise<{ stored: number; batches: number }> {
  const { rows = [] } = (await storage.ledger.list(scope, 'a', 0)) ?? {};
  const used = await storage.usage.list(scope, { from: 0, to: 1e6 });
  return {
    stored: rows.reduce((sum, row) => sum + row.stored, 0),
    batches: used.filter(({ what }) => what === 'batches').reduce((sum, { amount }) => sum + amount, 0),
  };
}

function ticks(from: UnixMs, count: number, value: (row: number) => number, stepMs = 1000): PlainBatch['ticks'] {
  return Array.from({ length: count }, (_, row) => ({ at: from + row * stepMs, values: [value(row), row * 10] }));
}

async function hostsOf({ tenantId }: TenantScope): Promise<HostKey[]> {
  const rows = await sql<{ host_id: number }[]>`select host_id from host where tenant_id = ${tenantId}`;
  return rows.map(({ host_id }) => ({ tenantId, hostId: host_id }));
}

async function tables({ tenantId }: TenantScope): Promise<Record<string, number>> {
  const [row] = await sql<Record<string, number>[]>`
    select (select count(*)::int from batch where tenant_id = ${tenantId}) as batches,
      (select count(*)::int from segment where tenant_id = ${tenantId}) as segments,
      (select count(*)::int from block where tenant_id = ${tenantId}) as blocks`;
  return row ?? {};
}

const batches = fc.array(
  fc.record({
    host: fc.constantFrom('a', 'b'),
    epoch: fc.constantFrom(t0 - 9 * hourMs, t0 - 8 * hourMs),
    seq: fc.nat(40),
    series: fc.constantFrom(['0', '1'], ['1', '2', '3'], ['3', '0']),
    startS: fc.integer({ min: -3 * 3600, max: -1 }),
    stepS: fc.constantFrom(1, 7, 60),
    values: fc.array(
      fc.option(
        fc.oneof(
          fc.integer({ min: 0, max: 1000 }),
          fc.integer({ min: 0, max: 1000 }).map((value) => value / 4),
          fc.constantFrom(Number.NaN, Infinity),
        ),
        { nil: undefined },
      ),
      { minLength: 3, maxLength: 40 },
    ),
  }),
  { minLength: 1, maxLength: 14 },
);
/** After which batches compaction runs, or what is cold is flushed, as if that many seconds before the newest. */
const runs = fc.array(fc.record({ after: fc.nat(14), ageS: fc.nat(2 * 3600), what: fc.constantFrom('run', 'flush') }), {
  maxLength: 5,
});

function plain(given: (typeof batches extends fc.Arbitrary<infer T> ? T : never)[number], at: number): PlainBatch {
  const { host, epoch, series, startS, stepS, values } = given;
  const rows = Math.ceil(values.length / 3);
  return {
    host,
    epoch,
    // The same batch twice has the same content.
    seq: at,
    series,
    ticks: Array.from({ length: rows }, (_, row) => ({
      at: t0 + (startS + row * stepS) * 1000,
      values: series.map((_, column) => values[row * 3 + column]),
    })),
  };
}

// A property that is ended by its time leaves the case that is under way behind: the next test must not meet it.
let lastCase = Promise.resolve();
afterEach(() => lastCase);

test('whatever comes when and wherever compaction is, each sample is there once, and every step has the same value', async () => {
  await fc.assert(
    fc.asyncProperty(batches, runs, fc.nat(13), async (given, compactions, again) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      lastCase = promise;
      try {
        const scope = await storage.tenants.ensure(`model-${tenants++}`);
        const model = new SampleModel();
        const check = async (): Promise<void> => {
          const [from, to] = [t0 - 4 * hourMs, t0];
          expect(await stored(scope, from, to)).toEqual(model.samples(from, to));
          const part = [t0 - 2 * hourMs + 1, t0 - 1_800_000] as const;
          expect(await stored(scope, ...part)).toEqual(model.samples(...part));
          await sameSteps(scope, model);
        };
        const all = given.map(plain);
        for (const [at, batch] of all.entries()) {
          await put(scope, batch);
          model.add(batch);
          for (const { after, ageS, what } of compactions) {
            if (after !== at) continue;
            if (what === 'run') await compactor.run(t0 - ageS * 1000);
            else await compactor.flush(await hostsOf(scope), t0 - ageS * 1000);
          }
        }
        await check();
        await compactor.run(t0);
        await check();
        // A batch that is sent once more after it was compacted.
        const repeated = all[again % all.length];
        if (repeated !== undefined) await put(scope, repeated);
        await check();
        await compactor.run(t0 + hourMs);
        // What a batch of the hour before has of the next hour, if that had none of its own when the run began.
        await compactor.run(t0 + hourMs);
        await check();
        expect(await tables(scope)).toMatchObject({ batches: 0, segments: 0 });
      } finally {
        resolve();
      }
    }),
    { numRuns: 25 },
  );
});

/** Each aggregation by minutes and hours, from what is stored against what the model's samples give. */
async function sameSteps(scope: TenantScope, model: SampleModel): Promise<void> {
  for (const [stepMs, aggregation] of [
    [minuteMs, 'avg'],
    [5 * minuteMs, 'max'],
    [hourMs, 'sum'],
    [2 * minuteMs, 'rate'],
    [hourMs, 'rate'],
    [45_000, 'min'],
  ] as const) {
    const [start, end] = [t0 - 2 * hourMs, t0];
    const results = await query.range(scope, { selector: '{n=~".+"}', start, end, stepMs, aggregation });
    if (stepMs % minuteMs !== 0) continue;
    const expected = new Map(
      [...model.samples(t0 - 6 * hourMs, t0)].flatMap(([key, points]) => {
        const column = {
          times: Float64Array.from(points, ([at]) => at),
          values: Float64Array.from(points, ([, value]) => value),
        };
        const { times, values } = aggregateRollup(rollUp(column, minuteMs, true), start, end, stepMs, aggregation);
        return times.length === 0 ? [] : [[key, { times, values }] as const];
      }),
    );
    const close = new Map(results.map(({ series, column }) => [seriesKey(series), column]));
    expect([...close.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [key, column] of expected) {
      expect(close.get(key)?.times).toEqual(column.times);
      for (const [row, value] of column.values.entries()) {
        const got = close.get(key)?.values[row] ?? 0;
        if (Number.isFinite(value)) expect(Math.abs(got - value)).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
        else expect(got).toBe(value);
      }
    }
  }
}

test('an hour of batches becomes one block with its rollups, by way of a segment where it is read, and nothing else stays', async () => {
  const scope = await storage.tenants.ensure('hour');
  const hour = t0 - 2 * hourMs;
  for (let seq = 0; seq < 360; seq += 60) {
    await put(
      scope,
      ...Array.from({ length: 60 }, (_, at) => ({
        host: 'a',
        epoch: 1,
        seq: seq + at,
        series: ['0', '1'],
        ticks: ticks(hour - hourMs + 1000 + (seq + at) * 10_000, 10, (row) => row),
      })),
    );
  }
  await compactor.flush(await hostsOf(scope), hour - 1_800_000);
  expect(await tables(scope)).toMatchObject({ batches: 180, segments: 1 });
  const done = await compactor.run(hour + 1);
  expect(done).toEqual({ samples: 3600, sealedHours: 1, hoursLeft: 0, failures: 0 });
  expect(await tables(scope)).toEqual({ batches: 0, segments: 0, blocks: 1 });
  const [size] = await sql<{ bytes: number; rows: number }[]>`
    select length(data) as bytes, rows from block b join tenant t using (tenant_id) where t.name = 'hour'`;
  expect(size?.rows).toBe(3600);
  expect(size?.bytes).toBeLessThan(3600);
  const [count] = await query.range(scope, {
    selector: 'used',
    start: hour,
    end: hour,
    stepMs: hourMs,
    aggregation: 'count',
  });
  expect([...(count?.column.values ?? [])]).toEqual([3600]);
});

test('staleness markers keep their bits through segments and blocks', async () => {
  const scope = await storage.tenants.ensure('stale');
  const at = t0 - 3 * hourMs;
  const times = Float64Array.from({ length: 60 }, (_, row) => at + row * 1000);
  const values = Float64Array.from(times, (_, row) => row);
  // As bits: a list of numbers would lose them.
  const words = new BigUint64Array(values.buffer);
  for (let row = 8; row < 60; row += 9) words[row] = 0x7ff0000000000002n;
  const batch = await toNewBatch(storage, scope, {
    host: 'a',
    epoch: 1,
    seq: 0,
    series: ['0'],
    ticks: Array.from(times, (time) => ({ at: time, values: [0] })),
  });
  await storage.batches.insert([{ ...batch, payload: encodePayload({ times, width: 1, values }, zstdCompress) }]);
  const bits = async (): Promise<string[]> => {
    const series = await storage.series.candidates(scope, []);
    const [column] = (await storage.samples.read(scope, series, { from: at, to: t0 })).values();
    return Array.from(new BigUint64Array(column?.values.slice().buffer ?? new ArrayBuffer()), (word) =>
      word.toString(16),
    );
  };
  const before = await bits();
  expect(before.filter((word) => word === '7ff0000000000002')).toHaveLength(6);
  await compactor.flush(await hostsOf(scope), t0);
  expect(await bits()).toEqual(before);
  await compactor.run(t0);
  expect(await bits()).toEqual(before);
});

test('an hour waits for its end, a backlog for its rest, and what comes late for company', async () => {
  const scope = await storage.tenants.ensure('policy');
  const patient = storage.createCompactor(silentLog, defaultPolicy);
  const { sealAfterMs, settleMs, resealAfterMs } = defaultPolicy;
  const hour = t0 - 5 * hourMs;
  const batch = (seq: number, from: UnixMs): PlainBatch => ({
    host: 'a',
    epoch: 1,
    seq,
    series: ['0', '1'],
    ticks: ticks(from, 100, (row) => row),
  });
  await put(scope, batch(0, hour - 600_000));
  expect(await patient.run(hour + sealAfterMs - 1)).toMatchObject({ sealedHours: 0, hoursLeft: 0 });
  const over = hour + sealAfterMs;
  expect(await patient.run(over)).toMatchObject({ sealedHours: 0, hoursLeft: 1 });
  await put(scope, batch(1, hour - 400_000));
  const more = over + settleMs;
  expect(await patient.run(more)).toMatchObject({ sealedHours: 0, hoursLeft: 1 });
  expect(await patient.run(more + settleMs - 1)).toMatchObject({ sealedHours: 0, hoursLeft: 1 });
  expect(await patient.run(more + settleMs)).toMatchObject({ samples: 400, sealedHours: 1, hoursLeft: 0 });
  // Late samples of a sealed hour hold up neither the hours before nor those after it.
  const late = hour + hourMs;
  await put(scope, batch(2, hour - 200_000), batch(3, hour - hourMs - 600_000), batch(4, hour + 600_000));
  expect(await patient.run(late + sealAfterMs)).toMatchObject({ sealedHours: 0, hoursLeft: 3 });
  expect(await patient.run(late + sealAfterMs + settleMs)).toMatchObject({ sealedHours: 2, hoursLeft: 1 });
  expect(await patient.run(late + sealAfterMs + resealAfterMs)).toMatchObject({ sealedHours: 1, hoursLeft: 0 });
  expect(await tables(scope)).toEqual({ batches: 0, segments: 0, blocks: 3 });
});

test.for([
  ['batches', { batches: 7, samples: 1e6, bytes: 1e6 }],
  ['samples', { batches: 100, samples: 1500, bytes: 1e6 }],
  ['bytes', { batches: 100, samples: 1e6, bytes: 2000 }],
  ['bytes than one batch has', { batches: 100, samples: 1e6, bytes: 1 }],
] as const)('an hour of more %s than one step takes is sealed in several', async ([what, limits]) => {
  const scope = await storage.tenants.ensure(`more ${what}`);
  const model = new SampleModel();
  const small = storage.createCompactor(silentLog, { ...eager, limits });
  const from = t0 - 4 * hourMs + 1000;
  for (let seq = 0; seq < 50; seq++) {
    const batch = { host: 'a', epoch: 1, seq, series: ['0', '1'], ticks: ticks(from + seq * 130_000, 100, () => seq) };
    await put(scope, batch);
    model.add(batch);
  }
  expect(await small.run(from + hourMs)).toMatchObject({ sealedHours: 1, failures: 0 });
  expect(await stored(scope, from, t0)).toEqual(model.samples(from, t0));
  expect(await small.run(t0)).toMatchObject({ sealedHours: 1, failures: 0 });
  expect(await stored(scope, from, t0)).toEqual(model.samples(from, t0));
  expect(await tables(scope)).toEqual({ batches: 0, segments: 0, blocks: 2 });
});

test('two collectors at work on the same hosts do each thing once; new batches come in between', async () => {
  const scope = await storage.tenants.ensure('two');
  const model = new SampleModel();
  const others = [compactor, storage.createCompactor(silentLog, eager)];
  const from = t0 - 2 * hourMs;
  let seq = 0;
  for (let round = 0; round < 6; round++) {
    const some = Array.from({ length: 30 }, (_, at) => ({
      host: `h${at % 3}`,
      epoch: 1,
      seq: seq++,
      series: ['0', '1'],
      ticks: ticks(from + (round * 30 + at) * 20_000, 10, (row) => row + at),
    }));
    for (const batch of some) model.add(batch);
    await Promise.all([put(scope, ...some), ...others.map((one) => one.run(t0 + round)), stored(scope, from, t0)]);
  }
  await compactor.run(t0 + hourMs);
  expect(await stored(scope, from, t0)).toEqual(model.samples(from, t0));
  expect(await tables(scope)).toMatchObject({ batches: 0, segments: 0 });
});

test('a batch that comes again once it is in a segment, and in a block, is known, and counted once', async () => {
  const scope = await storage.tenants.ensure('again');
  const hour = t0 - 2 * hourMs;
  const sent = await Promise.all(
    // The last one goes on into the next hour.
    [-600_000, -300_000, -4_000].map((at, seq) => agentBatch(scope, seq, hour + at)),
  );
  expect(await storage.batches.insert(sent)).toEqual(['new', 'new', 'new']);
  const once = { stored: 60, batches: 3 };
  for (const putTogether of [
    async () => compactor.flush(await hostsOf(scope), hour + 60_000),
    () => compactor.run(hour + 1),
    () => compactor.run(hour + hourMs),
  ]) {
    await putTogether();
    const { blocks } = await tables(scope);
    // With one that is new, and twice in one statement.
    const next = await agentBatch(scope, 3, hour + 300_000);
    expect(await storage.batches.insert([...sent, next, ...sent])).toEqual([
      ...['known', 'known', 'known', 'new'],
      ...['known', 'known', 'known'],
    ]);
    expect(await counted(scope)).toEqual({ stored: 80, batches: 4 });
    expect(await tables(scope)).toMatchObject({ batches: 1, blocks });
    await sql`delete from batch where tenant_id = ${scope.tenantId}`;
    expect(await counted(scope)).toEqual(once);
  }
  expect(await tables(scope)).toEqual({ batches: 0, segments: 0, blocks: 2 });
});

test('a batch that comes again in the moment in which it is put together is known', async () => {
  const scope = await storage.tenants.ensure('same moment');
  const batch = await agentBatch(scope, 0, t0 - hourMs - 600_000);
  await storage.batches.insert([batch]);
  // Holds up whoever has taken batches away, right before the commit.
  await sql`select pg_advisory_lock(1)`;
  await sql.unsafe(`
    create function wait_for_test() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock(1); return null; end';
    create trigger wait_for_test after delete on batch for each statement execute function wait_for_test()`);
  onTestFinished(async () => {
    await sql`select pg_advisory_unlock_all()`;
    await sql`drop function wait_for_test() cascade`;
  });
  const waiting = (on: string): Promise<void> =>
    expect
      .poll(() => sql`select 1 from pg_stat_activity where datname = current_database() and wait_event = ${on}`, {
        timeout: 20_000,
      })
      .toHaveLength(1);
  const flushed = compactor.flush(await hostsOf(scope), t0);
  await waiting('advisory');
  const inserted = storage.batches.insert([batch]);
  await waiting('transactionid');
  await sql`select pg_advisory_unlock(1)`;
  expect(await flushed).toBe(20);
  expect(await inserted).toEqual(['known']);
  expect(await counted(scope)).toEqual({ stored: 20, batches: 1 });
  expect(await tables(scope)).toMatchObject({ batches: 0, segments: 1 });
});

test.for(['segment', 'block'] as const)(
  'a %s that can not be read keeps no batch from being stored, of whichever tenant, and is told of once',
  async (table) => {
    const scope = await storage.tenants.ensure(`damaged ${table}`);
    const beside = await storage.tenants.ensure(`beside a damaged ${table}`);
    const hour = t0 - 2 * hourMs;
    const told: string[] = [];
    const log = { ...silentLog, error: (message: string) => told.push(message) };
    const collector = await another(log);
    onTestFinished(() => collector.close());
    await storage.batches.insert([await agentBatch(scope, 0, hour - 600_000)]);
    await (table === 'segment' ? compactor.flush(await hostsOf(scope), hour) : compactor.run(hour));
    await sql`update ${sql(table)} set head = '\\xff' where tenant_id = ${scope.tenantId}`;
    const unreadable = ['a segment or block can not be read; batches of its hour that come again are stored again'];
    for (const seq of [1, 2]) {
      const sent = await Promise.all([scope, beside].map((of) => agentBatch(of, seq, hour - 600_000 + seq * 500)));
      expect(await collector.batches.insert(sent)).toEqual(['new', 'new']);
    }
    expect(told).toEqual(unreadable);
    told.length = 0;
    expect(await collector.createCompactor(log, eager).flush(await hostsOf(scope), t0)).toBe(40);
    expect(told).toEqual(unreadable);
    await sql`delete from ${sql(table)} where tenant_id = ${scope.tenantId}`;
  },
);

test.for(['flush', 'seal'] as const)(
  'a batch that a collector of the version before stored again is dropped by the next %s, and counted once',
  async (what) => {
    const scope = await storage.tenants.ensure(`before ${what}`);
    const hour = t0 - 3 * hourMs;
    await storage.batches.insert([await agentBatch(scope, 0, hour - 600_000)]);
    await sql`drop table if exists again`;
    await sql`create temporary table again as select * from batch where tenant_id = ${scope.tenantId}`;
    const once = { stored: 20, batches: 1 };
    for (const putTogether of [
      async () => compactor.flush(await hostsOf(scope), t0),
      what === 'seal' ? () => compactor.run(t0) : async () => compactor.flush(await hostsOf(scope), t0),
      () => compactor.run(t0),
    ]) {
      await putTogether();
      expect(await counted(scope)).toEqual(once);
      await sql`insert into batch select * from again`;
    }
    await compactor.run(t0);
    expect(await counted(scope)).toEqual(once);
    expect(await tables(scope)).toEqual({ batches: 0, segments: 0, blocks: 1 });
  },
);

test('while compaction runs, a reader sees every sample once at every moment', async () => {
  const scope = await storage.tenants.ensure('moving');
  const model = new SampleModel();
  const from = t0 - 3 * hourMs;
  for (let at = 0; at < 90; at++) {
    const batch = { host: 'a', epoch: 1, seq: at, series: ['0', '1'], ticks: ticks(from + at * 60_000, 10, () => at) };
    await put(scope, batch);
    model.add(batch);
  }
  const small = storage.createCompactor(silentLog, { ...eager, limits: { batches: 5, samples: 1e6, bytes: 1e6 } });
  let running = true;
  const compaction = small.run(t0).finally(() => (running = false));
  const expected = model.samples(from, t0);
  let looks = 0;
  while (running) {
    expect(await stored(scope, from, t0)).toEqual(expected);
    const [counted] = await query.range(scope, {
      selector: 'used',
      start: from,
      end: t0,
      stepMs: hourMs,
      aggregation: 'count',
    });
    expect(counted?.column.values.reduce((sum, count) => sum + count, 0)).toBe(900);
    looks++;
  }
  await compaction;
  expect(looks).toBeGreaterThan(1);
  expect(await stored(scope, from, t0)).toEqual(expected);
});
