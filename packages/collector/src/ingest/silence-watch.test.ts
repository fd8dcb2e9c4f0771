import {
  decodeEnvelope,
  decodePayload,
  encodeEnvelope,
  encodePayload,
  encodeSchema,
  markStale,
  type UnixMs,
} from '@tarsier/protocol';
import { schemaHash, zstdCompress, zstdDecompress } from '@tarsier/protocol/zstd';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createEngine } from '../query/engine.ts';
import { createQuery } from '../query/query.ts';
import { createStorageReader } from '../query/storage-reader.ts';
import { defaultPolicy } from '../storage/compaction/compactor.ts';
import { createTestStorage } from '../storage/testing.ts';
import type { TenantScope } from '../tenant.ts';
import { createIngest } from './ingest.ts';
import { createSilenceWatch, type SilenceWatch } from './silence-watch.ts';

const t0 = Date.UTC(2026, 10, 24, 12);
const { storage, sql, drop } = await createTestStorage(() => t0);
await storage.ensurePartitions(t0);
afterAll(drop);
const engine = createEngine({ reader: createStorageReader({ query: createQuery({ storage }) }), log: silentLog });
let tenants = 0;

/** Each tick of `each` has a sample, of `seldom` every fifth. */
const schemaBytes = encodeSchema({
  metrics: [{ name: 'v', kind: 'gauge', unit: '', help: '' }],
  series: [
    { metric: 0, labels: { n: 'each' } },
    { metric: 0, labels: { n: 'seldom' } },
  ],
});

/** A time in seconds after the start; `goodbye` is an agent's last word. */
interface Batch {
  readonly host: string;
  readonly seq: number;
  readonly seconds: readonly number[];
  readonly goodbye?: boolean;
}

function encode({ host, seq, seconds, goodbye = false }: Batch): Uint8Array {
  const times = Float64Array.from(seconds, (s) => t0 + s * 1000);
  const rows = seconds.length;
  const values = Float64Array.from({ length: 2 * rows }, (_, at) => seconds[at % rows] ?? 0);
  if (goodbye) for (const row of values.keys()) markStale(values, row);
  const present = Uint8Array.from(values, (_, at) =>
    Number(goodbye || at < rows || (seconds[at % rows] ?? 0) % 5 === 0),
  );
  return encodeEnvelope({
    host,
    epoch: 1,
    seq,
    schemaHash: schemaHash(schemaBytes),
    schema: schemaBytes,
    t0: times[0] ?? 0,
    t1: times.at(-1) ?? 0,
    rows,
    payload: encodePayload({ times, width: 2, values, present }, zstdCompress),
  });
}

function seconds(from: number, count = 10): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

/** A tenant of its own with a clock, and collectors that share the database. */
async function start() {
  const scope = await storage.tenants.ensure(`t${tenants++}`);
  const clock = { s: -200 };
  const now = (): UnixMs => t0 + clock.s * 1000;

  async function collector() {
    const watch = createSilenceWatch({ markers: storage.endMarkers, log: silentLog, now });
    const ingest = createIngest({
      storage,
      consumers: [watch.consume],
      replayConsumers: [watch.replay],
      watched: () => false,
      log: silentLog,
      now,
    });
    await ingest.replay([scope], now() - 15 * 60_000);
    return { ...watch, accept: (batch: Batch) => ingest.accept(scope, encode(batch)), ingest };
  }

  const collectors = [await collector(), await collector()] as const;
  /** Time goes on; all of them look every five seconds. */
  async function pass(until: number, watching: readonly SilenceWatch[] = collectors): Promise<void> {
    for (; clock.s < until; clock.s += 5) for (const { tick } of watching) await tick();
    for (const { settled } of watching) await settled();
  }
  await pass(0);
  return {
    scope,
    clock,
    collector,
    collectors,
    pass,
    /** Values of a series at a second, by host. */
    async at(s: number, n = 'each') {
      const { data } = await engine.instant(scope, { query: `v{n="${n}"}`, time: t0 + s * 1000 });
      if (data.kind !== 'vector') throw new TypeError(`expected a vector, got ${data.kind}`);
      return Object.fromEntries(data.samples.map(({ labels, value }) => [labels.get('host'), value]));
    },
    async count(host: string, s: number) {
      const query = `count_over_time(v{n="each",host="${host}"}[1h])`;
      const { data } = await engine.instant(scope, { query, time: t0 + s * 1000 });
      return data.kind === 'vector' ? data.samples[0]?.value : undefined;
    },
    async markers() {
      const [row] = await sql<{ count: number }[]>`
        select count(*)::int as count from batch where tenant_id = ${scope.tenantId} and epoch = 0`;
      return row?.count;
    },
  };
}

test('a host that falls silent is gone at its next tick, once it has been silent for a minute; others stay', async () => {
  const { collectors, pass, at, markers, scope } = await start();
  const [one] = collectors;
  // Another door's series end when it says so.
  const made = decodeEnvelope(encode({ host: 'foreign', seq: 0, seconds: [9] }));
  await pass(10);
  await one.ingest.acceptMade(scope, { ...made, schema: schemaBytes }, decodePayload(made.payload, zstdDecompress));
  await one.accept({ host: 'a', seq: 0, seconds: seconds(0) });
  for (let s = 0; s < 100; s += 10) {
    await pass(s + 10);
    await one.accept({ host: 'b', seq: s, seconds: seconds(s) });
  }
  expect(await at(9)).toEqual({ a: 9, b: 9, foreign: 9 });
  expect(await at(10)).toEqual({ b: 10, foreign: 9 });
  expect(await at(99)).toEqual({ b: 99, foreign: 9 });
  expect(await at(99, 'seldom')).toEqual({ b: 95 });
  // Both collectors have looked.
  expect(await markers()).toBe(1);
});

test('a host whose agent says goodbye is gone at once, and not marked again', async () => {
  const { collectors, pass, at, markers } = await start();
  const [one] = collectors;
  await pass(10);
  await one.accept({ host: 'a', seq: 0, seconds: seconds(0) });
  await one.accept({ host: 'a', seq: 1, seconds: [9.4], goodbye: true });
  expect(await at(9)).toEqual({ a: 9 });
  expect(await at(9.4)).toEqual({});
  await pass(200);
  expect(await markers()).toBe(0);
  await one.accept({ host: 'a', seq: 2, seconds: seconds(190) });
  expect(await at(190)).toEqual({ a: 190 });
});

test('what an agent kept while it was away is all there, once, and its series never ended', async () => {
  const { collectors, pass, at, count, markers } = await start();
  const [one, other] = collectors;
  await pass(10);
  await one.accept({ host: 'a', seq: 0, seconds: seconds(0) });
  await pass(130);
  expect(await at(100)).toEqual({});
  // The newest first, and to another collector.
  for (const seq of [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]) {
    await other.accept({ host: 'a', seq, seconds: seconds(seq * 10) });
  }
  await pass(135);
  expect(await markers()).toBe(0);
  expect(await at(10)).toEqual({ a: 10 });
  // Neither between two ticks, nor where a series had no sample at the marker's time.
  expect(await at(11.5)).toEqual({ a: 11 });
  expect(await at(11.5, 'seldom')).toEqual({ a: 10 });
  expect(await count('a', 129)).toBe(130);
});

test('a marker that one collector made is taken back by another to which the agent comes back', async () => {
  const { collectors, pass, at, markers } = await start();
  const [one, other] = collectors;
  await pass(10);
  await one.accept({ host: 'a', seq: 0, seconds: seconds(0) });
  for (let seq = 1; seq < 10; seq++) {
    await pass(seq * 10 + 10);
    await other.accept({ host: 'a', seq, seconds: seconds(seq * 10) });
  }
  // It measures nothing for 50 seconds, and is not heard for 75: to the one that took its batches it is silent.
  await pass(175);
  expect(await markers()).toBe(1);
  expect(await at(120)).toEqual({});
  await one.accept({ host: 'a', seq: 10, seconds: seconds(150, 25) });
  await pass(180);
  expect(await at(120)).toEqual({ a: 99 });
  expect(await markers()).toBe(0);
});

test('a marker that is sealed gives way to the sample of its time', async () => {
  const { collectors, pass, at, count } = await start();
  const [one] = collectors;
  await pass(10);
  await one.accept({ host: 'a', seq: 0, seconds: seconds(0) });
  await pass(130);
  const eager = { ...defaultPolicy, coldMs: 0, sealAfterMs: -7_200_000, settleMs: 0, resealAfterMs: 0 };
  await storage.createCompactor(silentLog, eager).run(t0);
  expect(await at(12)).toEqual({});
  for (let seq = 1; seq < 13; seq++) await one.accept({ host: 'a', seq, seconds: seconds(seq * 10) });
  await pass(135);
  expect(await at(10.5)).toEqual({ a: 10 });
  expect(await at(11)).toEqual({ a: 11 });
  expect(await count('a', 129)).toBe(130);
  await storage.createCompactor(silentLog, eager).run(t0);
  expect(await at(10)).toEqual({ a: 10 });
  expect(await count('a', 129)).toBe(130);
});

test('a collector that was started anew ends hosts that do not come back, after a while', async () => {
  const { collectors, collector, pass, at } = await start();
  await pass(10);
  await collectors[0].accept({ host: 'a', seq: 0, seconds: seconds(0) });
  await pass(40);
  const anew = [await collector()];
  await pass(150, anew);
  expect(await at(100)).toEqual({ a: 9 });
  await pass(170, anew);
  expect(await at(100)).toEqual({});
  // Of what it did before it was killed it knows, too.
  const again = await collector();
  await again.accept({ host: 'a', seq: 1, seconds: seconds(10) });
  await pass(175, [again]);
  expect(await at(10.5, 'seldom')).toEqual({ a: 10 });
});

test('while its agents are refused, nobody of a tenant is silent; what another tenant has refused is nothing to it', async () => {
  const { scope, collectors, pass, at } = await start();
  await pass(10);
  const [collector] = collectors;
  const refuse = async (tenant: TenantScope, from: number): Promise<void> => {
    for (let s = from; s <= from + 40; s += 10) {
      for (const { refused } of collectors) refused(tenant);
      await pass(s);
    }
  };
  await collector.accept({ host: 'a', seq: 0, seconds: seconds(0) });
  await refuse(scope, 60);
  await pass(200);
  expect(await at(100)).toEqual({ a: 9 });
  await pass(230);
  expect(await at(100)).toEqual({});

  await collector.accept({ host: 'b', seq: 0, seconds: seconds(220) });
  await refuse({ tenantId: scope.tenantId + 1_000, tenant: 'another' }, 260);
  await pass(310);
  expect(await at(300)).toEqual({});
});

test('series that a new schema goes on with do not end with the old one', async () => {
  const { scope, collectors, pass } = await start();
  const [{ ingest, accept }] = collectors;
  await pass(10);
  await accept({ host: 'a', seq: 0, seconds: seconds(0) });
  const grown = encodeSchema({
    metrics: [{ name: 'v', kind: 'gauge', unit: '', help: '' }],
    series: ['each', 'more'].map((n) => ({ metric: 0, labels: { n } })),
  });
  for (let s = 10; s < 120; s += 10) {
    await pass(s + 10);
    const times = Float64Array.from(seconds(s), (second) => t0 + second * 1000);
    const payload = encodePayload({ times, width: 2, values: new Float64Array(20).fill(s) }, zstdCompress);
    const [hash, envelope] = [schemaHash(grown), { host: 'a', epoch: 1, seq: s, rows: 10, payload, schema: grown }];
    await ingest.accept(
      scope,
      encodeEnvelope({ ...envelope, schemaHash: hash, t0: times[0] ?? 0, t1: times.at(-1) ?? 0 }),
    );
  }
  const { data } = await engine.instant(scope, { query: 'v', time: t0 + 10_500 });
  const found = data.kind === 'vector' ? data.samples.map(({ labels }) => labels.get('n')) : [];
  expect(found.toSorted()).toEqual(['each', 'more']);
});

/** What happens in ten seconds: whether the agent runs, and to which collector its batches come, if to any. */
const step = fc.record({
  runs: fc.constantFrom('on', 'on', 'on', 'off', 'stopped'),
  link: fc.constantFrom(0, 0, 1, undefined),
  steps: fc.integer({ min: 1, max: 14 }),
  newestFirst: fc.boolean(),
  restart: fc.constantFrom(undefined, undefined, undefined, 0, 1),
});

test('whatever agents, links and collectors do, each sample is there once, and only what was silent ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (plan) => {
      const { scope, clock, collector, collectors: first, pass } = await start();
      const collectors = [...first];
      const restarted = plan.some(({ restart }) => restart !== undefined);
      let spool: Batch[] = [];
      let seq = 0;
      const [ticks, goodbyes, heardAt] = [new Set<number>(), new Set<number>(), new Map<number, number>()];
      for (const { runs, link, steps, newestFirst, restart } of [...plan, { ...plan[0], link: 0, steps: 1 }]) {
        if (restart !== undefined) collectors[restart] = await collector();
        for (let at = 0; at < (steps ?? 1); at++) {
          const from = clock.s;
          const wasOn = ticks.has(from - 1);
          await pass(from + 10, collectors);
          if (runs === 'on') {
            spool.push({ host: 'a', seq: seq++, seconds: seconds(from) });
            for (const second of seconds(from)) ticks.add(second);
          } else if (runs === 'stopped' && wasOn) {
            spool.push({ host: 'a', seq: seq++, seconds: [from - 0.5], goodbye: true });
            goodbyes.add(from - 0.5);
          }
          if (link === undefined) continue;
          const sent = newestFirst ? spool.toReversed() : spool;
          spool = [];
          for (const batch of sent) {
            await collectors[link]?.accept(batch);
            for (const second of batch.seconds) heardAt.set(second, clock.s);
          }
        }
      }
      await pass(clock.s + 5, collectors);
      const range = { query: 'v{n="each"}', start: t0, end: t0 + clock.s * 1000, stepMs: 500 };
      const { data } = await engine.range(scope, range);
      const shown = new Map<number, number>();
      for (const { times, values } of data.kind === 'matrix' ? data.series : []) {
        for (const [row, time] of times.entries()) shown.set((time - t0) / 1000, values[row] ?? Number.NaN);
      }
      let last: number | undefined;
      const sorted = [...ticks].toSorted((a, b) => a - b);
      for (let s = 0; s <= clock.s; s += 0.5) {
        if (ticks.has(s)) last = s;
        if (goodbyes.has(s)) last = undefined;
        const next = sorted.find((tick) => tick > s) ?? clock.s;
        if (last === undefined) expect(shown.get(s), `${s}`).toBeUndefined();
        // The marker of a silence lies at the next tick; a silence this short is none.
        else if (next - last < 60 || s < last + 1) expect(shown.get(s), `${s}`).toBe(last);
        // What was heard of only after the silence nobody was waiting for.
        else if (!restarted && next - (heardAt.get(last) ?? Infinity) > 90)
          expect(shown.get(s), `${s}`).toBeUndefined();
      }
      const { data: counted } = await engine.instant(scope, {
        query: 'count_over_time(v{n="each"}[1h])',
        time: range.end,
      });
      const count = counted.kind === 'vector' ? counted.samples[0]?.value : undefined;
      expect(count ?? 0).toBe(ticks.size);
    }),
    { numRuns: 12, endOnFailure: true },
  );
});
