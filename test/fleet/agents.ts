/**
 * Many agents in one process: made-up samples in real batches, sent by the agent's own shipper and failover, each over
 * a connection of its own. As real ones they measure at whole multiples of the interval, all at the same moment.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { decodeSchema, encodeEnvelope, encodePayload, encodeSchema, type UnixMs } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import { createHost, type FleetHost } from '../../bench/fleet.ts';
import { systemClock } from '../../packages/agent/src/scrape/clock.ts';
import { createCollectorList } from '../../packages/agent/src/shipping/collector-list.ts';
import { createFailoverPoster } from '../../packages/agent/src/shipping/failover.ts';
import { createPoster } from '../../packages/agent/src/shipping/post.ts';
import { createShipper, type Shipper } from '../../packages/agent/src/shipping/shipper.ts';
import { createMemorySpool, type MemorySpool } from './memory-spool.ts';

/** 0.1 on a host that is well, 0.9 on one that fails. */
export const failingMetric = 'fleet_failing_ratio';

export interface FleetShape {
  readonly agents: number;
  /** Of each, {@link failingMetric} among them. */
  readonly series: number;
  readonly intervalMs: number;
  /** A batch has the ticks of so long, or one. */
  readonly flushMs?: number;
  /** What an agent may hold while nobody takes it. */
  readonly spoolBytes?: number;
  /** Begins the hosts' names. */
  readonly prefix?: string;
}

export interface FleetCounts {
  readonly takenSamples: number;
  readonly sentSamples: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly waitingBatches: number;
  readonly waitingBytes: number;
  /** Answers by status; `none` where there was none. */
  readonly answers: Readonly<Record<string, number>>;
  /** Ticks that this process was too late to make. */
  readonly missedTicks: number;
}

export interface SimulatedFleet {
  counts(): FleetCounts;
  /** From a batch's last tick until the agent knows that it is stored, ms; since the last call. */
  takeLags(): readonly number[];
  /** So many hosts that were well fail from the last tick of their next batch on. */
  fail(hosts: number): void;
  /** When the hosts began to fail that do, by name. */
  readonly failedAt: ReadonlyMap<string, UnixMs>;
  /** Nothing new is measured from now on; what waits is sent on. */
  finish(): Promise<void>;
  stop(): Promise<void>;
}

interface Agent {
  readonly name: string;
  readonly host: FleetHost;
  readonly spool: MemorySpool;
  readonly shipper: Shipper;
  seq: number;
  fails: boolean;
}

const silentLog = { debug() {}, info() {}, warn() {}, error() {} };
/** Work in one go, before the answers that have come are looked at. */
const stretchMs = 5;

export function startSimulatedFleet(
  { urls, key }: { readonly urls: readonly string[]; readonly key: string },
  { agents: count, series, intervalMs, flushMs = 10_000, spoolBytes = 4 * 2 ** 20, prefix = 'fleet' }: FleetShape,
): SimulatedFleet {
  const rows = Math.max(1, Math.round(flushMs / intervalMs));
  const epoch = Date.now();
  const failedAt = new Map<string, UnixMs>();
  const dropped: Record<string, number> = {};
  let lags: number[] = [];
  let [takenSamples, sentSamples, missedTicks, toFail] = [0, 0, 0, 0];
  let measuring = true;

  const schema = schemaOf(series);
  const hash = schemaHash(schema);
  const account = {
    sent(samples: number, time: UnixMs) {
      sentSamples += samples;
      lags.push(Date.now() - time);
    },
    dropped(samples: number, reason: string) {
      dropped[reason] = (dropped[reason] ?? 0) + samples;
    },
  };
  const agents = Array.from({ length: count }, (_, index): Agent => {
    const spool = createMemorySpool(schema, spoolBytes, account);
    // Divided between the collectors, as by a list in another order on each host.
    const mine = urls.map((_, at) => urls[(index + at) % urls.length] ?? '');
    const collectors = createCollectorList({ urls: mine, discover: true, monotonic: systemClock.monotonic });
    const poster = createFailoverPoster(collectors, (url) => createPoster(new URL('/v1/ingest', url)), {
      discovers: true,
    });
    const shipper = createShipper({
      spool: spool.of,
      poster,
      key,
      onFlushInterval() {},
      clock: systemClock,
      log: silentLog,
    });
    shipper.start();
    return {
      name: `${prefix}-${String(index).padStart(5, '0')}`,
      host: createHost(index, series - 1, epoch, { rows, stepMs: intervalMs }),
      spool,
      shipper,
      seq: 0,
      fails: false,
    };
  });

  /** The batch whose last tick is at `time`. */
  function make(agent: Agent, time: UnixMs, fails: boolean): Uint8Array {
    const t0 = time - (rows - 1) * intervalMs;
    const { times, values } = agent.host.nextRows(t0);
    const all = new Float64Array(series * rows);
    all.set(values);
    all.fill(agent.fails ? 0.9 : 0.1, (series - 1) * rows);
    if (fails) all[series * rows - 1] = 0.9;
    const payload = encodePayload({ times, width: series, values: all }, zstdCompress);
    return encodeEnvelope({ host: agent.name, epoch, seq: agent.seq++, schemaHash: hash, t0, t1: time, rows, payload });
  }

  /** Batches are made ahead of their tick, so that this process's work does not keep them apart. */
  async function measure(): Promise<void> {
    for (let time = (Math.floor(Date.now() / intervalMs) + 2) * intervalMs; measuring; time += intervalMs) {
      const due: { readonly agent: Agent; readonly bytes: Uint8Array; readonly fails: boolean }[] = [];
      // Those with many ticks in a batch began at different times.
      const first = (time / intervalMs) % rows;
      for (let index = first, until = Date.now() + stretchMs; index < count; index += rows) {
        const agent = agents[index];
        if (agent === undefined) break;
        const fails = toFail > 0 && !agent.fails && agent.seq > 0;
        if (fails) toFail--;
        due.push({ agent, bytes: make(agent, time, fails), fails });
        agent.fails ||= fails;
        if (Date.now() < until) continue;
        await turn();
        until = Date.now() + stretchMs;
      }
      const early = time - Date.now();
      if (early > 0) await sleep(early);
      if (!measuring) return;
      for (const { agent, bytes, fails } of due) {
        if (fails) failedAt.set(agent.name, time);
        takenSamples += series * rows;
        agent.spool.append(bytes, time, series * rows);
        agent.shipper.wake();
      }
      for (; Date.now() >= time + 2 * intervalMs; time += intervalMs) missedTicks++;
    }
  }
  const measured = measure();

  return {
    counts() {
      const answers: Record<string, number> = {};
      for (const { shipper } of agents)
        for (const [status, times] of shipper.stats.answers) answers[status] = (answers[status] ?? 0) + times;
      return {
        takenSamples,
        sentSamples,
        dropped: { ...dropped },
        waitingBatches: agents.reduce((sum, { spool }) => sum + spool.waiting, 0),
        waitingBytes: agents.reduce((sum, { spool }) => sum + spool.waitingBytes, 0),
        answers,
        missedTicks,
      };
    },
    takeLags() {
      const taken = lags;
      lags = [];
      return taken;
    },
    fail(hosts) {
      toFail += hosts;
    },
    failedAt,
    async finish() {
      measuring = false;
      await measured;
    },
    async stop() {
      measuring = false;
      await measured;
      await Promise.all(agents.map(({ shipper }) => shipper.stop(0)));
    },
  };
}

/** All hosts have the same series. */
function schemaOf(series: number): Uint8Array {
  const { metrics, series: list } = decodeSchema(createHost(0, series - 1, 0).schema);
  return encodeSchema({
    metrics: [...metrics, { name: failingMetric, kind: 'gauge', unit: 'ratio', help: '' }],
    series: [...list, { metric: metrics.length, labels: {} }],
  });
}
