/**
 * A collector of which three times as much is asked as it can do, by one tenant, beside a small one that asks for little:
 * what both get, whether it still answers, and whether all is stored once it is asked for less.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { treeCpu } from '../../bench/proc-cpu.ts';
import { spreadOf, type Spread } from '../alerts/stages.ts';
import { limitCpu } from '../support/cpu-quota.ts';
import { eventually } from '../support/processes.ts';
import { createApi } from '../support/tarsier.ts';
import { startSimulatedFleet, type FleetCounts, type SimulatedFleet } from './agents.ts';
import { startRig, type Rig, type RigUsage } from './rig.ts';
import { coresOf, storedSamples } from './run.ts';

export interface OverloadReport {
  /** What collector and database used for all of it, and what they got, cores. */
  readonly cores: { readonly asked: number; readonly given: number };
  /** Samples a second. */
  readonly rate: { readonly offered: number; readonly stored: number };
  /** Of the small tenant, from a batch's last tick to its answer, ms. */
  readonly small: { readonly before: Spread; readonly during: Spread };
  /** How long `GET /healthz` took, and how often it did not answer well. */
  readonly health: Spread & { readonly failed: number };
  /** Of the collector, MiB. */
  readonly memory: { readonly before: number; readonly most: number; readonly after: number };
  /** Answers of the flood by status, while it was too much. */
  readonly answers: Readonly<Record<string, number>>;
  /** From when the flood ended until all that waited was stored, s. */
  readonly catchUpS: number;
  readonly counts: { readonly flood: FleetCounts; readonly small: FleetCounts };
  readonly storedSamples: number;
}

const series = 50;
const intervalMs = 5_000;
const smallAgents = 20;
const times = 3;
const patienceMs = 600_000;
/** Longest that somebody waits who asks whether it lives. */
const healthMs = 10_000;

/** @returns undefined where less CPU can not be given than there is */
export async function overload({
  agents,
  seconds,
  say = () => {},
}: {
  /** Of the tenant that asks for too much. */
  readonly agents: number;
  readonly seconds: number;
  readonly say?: (line: string) => void;
}): Promise<OverloadReport | undefined> {
  const rig = await startRig(1, { TARSIER_MAX_SERIES: '100000000' });
  const [collector] = rig.collectors;
  if (collector === undefined) throw new Error('a rig of one has one');
  const { url, pid, ingestKey } = collector;
  const fleets: SimulatedFleet[] = [];
  const pids = [...treeCpu(pid).keys(), ...treeCpu(rig.databasePid).keys()];
  const quota = limitCpu(pids);
  try {
    if (quota === undefined) return undefined;
    await createApi(url, await rig.key('operator')).post('/v1/tenants', { name: 'flood', tier: 'enterprise' });
    const flood = startSimulatedFleet(
      { urls: [url], key: await rig.key('ingest', 'flood') },
      { agents, series, intervalMs, flushMs: intervalMs, prefix: 'flood' },
    );
    const small = startSimulatedFleet(
      { urls: [url], key: ingestKey },
      { agents: smallAgents, series, intervalMs: 1_000, flushMs: 1_000, prefix: 'small' },
    );
    fleets.push(flood, small);
    await known(rig, agents + smallAgents);
    await until(() => flood.counts().waitingBatches < agents / 10);
    say('all hosts are known');

    small.takeLags();
    const began = { at: Date.now(), usage: rig.usage() };
    await sleep(seconds * 1_000);
    const usage = rig.usage();
    const asked = serverCores(began.usage, usage, (Date.now() - began.at) / 1_000);
    const before = spreadOf(small.takeLags());
    const memoryBefore = usage.residentBytes[0] ?? 0;
    say(`uses ${asked.toFixed(2)} cores; gets ${(asked / times).toFixed(2)} from now on`);

    quota.set(asked / times);
    const from = { at: Date.now(), usage: rig.usage(), counts: flood.counts(), stored: await storedSamples(rig) };
    let most = 0;
    const health: number[] = [];
    let failed = 0;
    while (Date.now() < from.at + seconds * 1_000) {
      const asks = Date.now();
      const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(healthMs) }).catch(() => undefined);
      await response?.arrayBuffer();
      if (response?.ok !== true) failed++;
      health.push(Date.now() - asks);
      most = Math.max(most, rig.usage().residentBytes[0] ?? 0);
      await sleep(Math.max(0, asks + 500 - Date.now()));
    }
    const took = (Date.now() - from.at) / 1_000;
    const [counts, given] = [flood.counts(), serverCores(from.usage, rig.usage(), took)];
    const during = spreadOf(small.takeLags());
    const stored = ((await storedSamples(rig)) - from.stored) / took;

    say('the flood ends');
    const ended = Date.now();
    await flood.finish();
    await until(() => flood.counts().waitingBatches === 0);
    const catchUpS = (Date.now() - ended) / 1_000;
    await small.finish();
    await until(() => small.counts().waitingBatches === 0);
    return {
      cores: { asked, given },
      rate: { offered: (counts.takenSamples - from.counts.takenSamples) / took, stored },
      small: { before, during },
      health: { ...spreadOf(health), failed },
      memory: {
        before: inMib(memoryBefore),
        most: inMib(most),
        after: inMib(rig.usage().residentBytes[0] ?? 0),
      },
      answers: difference(counts.answers, from.counts.answers),
      catchUpS,
      counts: { flood: flood.counts(), small: small.counts() },
      storedSamples: await storedSamples(rig),
    };
  } finally {
    quota?.remove();
    for (const fleet of fleets) await fleet.stop();
    await rig.stop();
  }
}

function serverCores(before: RigUsage, after: RigUsage, seconds: number): number {
  const { collectors, postgres } = coresOf(before, after, seconds);
  return collectors + postgres;
}

/** @throws when it does not hold within {@link patienceMs} */
async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(async () => ((await check()) ? true : undefined), patienceMs);
}

async function known({ sql }: Rig, hosts: number): Promise<void> {
  await until(async () => {
    const [row] = await sql<{ hosts: number }[]>`
      select count(*)::int as hosts from host where name like 'flood-%' or name like 'small-%'`;
    return row?.hosts === hosts;
  });
}

function difference(
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(now).map(([status, count]) => [status, count - (before[status] ?? 0)]));
}

function inMib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
