/** A fleet against real collectors for a while: what it costs, how late samples and alerts are, and whether all is stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import { spreadOf, type Spread } from '../alerts/stages.ts';
import { createApi } from '../support/tarsier.ts';
import { failingMetric, startSimulatedFleet, type FleetCounts, type FleetShape } from './agents.ts';
import { startRig, type Rig, type RigUsage } from './rig.ts';

export interface FleetRun extends FleetShape {
  readonly collectors: number;
  readonly seconds: number;
  /** Hosts that begin to fail each second. */
  readonly failing: number;
  /** Told now and then. */
  readonly say?: (line: string) => void;
}

export interface Moment {
  readonly second: number;
  readonly residentBytes: readonly number[];
  readonly descriptors: readonly number[];
  readonly sentSamples: number;
  readonly waitingBatches: number;
}

export interface FleetReport {
  readonly counts: FleetCounts;
  readonly storedSamples: number;
  /** From the start of the fleet until all hosts had something stored, s: its schemas are taken in. */
  readonly admissionS: number;
  /** From a batch's last tick to its answer, ms; once all hosts are known. */
  readonly lag: Spread;
  /** From the sample by which an alert fires to what is decided of it, ms. */
  readonly alert: Spread;
  readonly alerts: { readonly expected: number; readonly decided: number };
  /** Cores that were used, once all hosts were known. */
  readonly cores: { readonly collectors: number; readonly postgres: number; readonly here: number };
  readonly moments: readonly Moment[];
  readonly databaseBytes: number;
  /** How long it took until nothing waited any more, once nothing new came, s. */
  readonly drainS: number;
}

/** Until all hosts are known, or what waits at the end is sent. */
const patienceMs = 300_000;

export async function runFleet({
  collectors,
  seconds,
  failing,
  say = () => {},
  ...shape
}: FleetRun): Promise<FleetReport> {
  const rig = await startRig(collectors, { TARSIER_MAX_SERIES: '100000000' });
  try {
    const urls = rig.collectors.map(({ url }) => url);
    const [first] = rig.collectors;
    const api = createApi(urls[0] ?? '', await rig.key('admin'));
    await api.post('/v1/rules', { kind: 'threshold', name: 'Failing', selector: failingMetric, op: '>', value: 0.5 });
    say(`making ${shape.agents} agents`);
    const began = Date.now();
    const fleet = startSimulatedFleet({ urls, key: first?.ingestKey ?? '' }, shape);
    try {
      await until(async () => {
        const [row] = await rig.sql<{ hosts: number }[]>`
          select count(*)::int as hosts from host where name like 'fleet-%'`;
        say(`${row?.hosts ?? 0} hosts known, ${fleet.counts().waitingBatches} batches wait`);
        return (row?.hosts ?? 0) >= shape.agents && fleet.counts().waitingBatches <= Math.max(1, shape.agents / 10);
      }, 2_500);
      const admissionS = (Date.now() - began) / 1_000;
      const lags: number[] = [];
      fleet.takeLags();
      const moments: Moment[] = [];
      let told = 0;
      const [before, from] = [rig.usage(), Date.now()];
      for (let second = 0; second < seconds; second++) {
        fleet.fail(failing);
        await sleep(Math.max(0, from + (second + 1) * 1_000 - Date.now()));
        const last = fleet.takeLags();
        for (const lag of last) lags.push(lag);
        const moment = momentOf(second, rig.usage(), fleet.counts());
        moments.push(moment);
        if (second % 10 === 9) {
          say(describeMoment(moment, lags.slice(told)));
          told = lags.length;
        }
      }
      const cores = coresOf(before, rig.usage(), (Date.now() - from) / 1_000);
      await fleet.finish();
      const drainFrom = Date.now();
      await until(async () => fleet.counts().waitingBatches === 0, 200);
      const drainS = (Date.now() - drainFrom) / 1_000;
      const expected = fleet.failedAt.size;
      // Decided of at once, or never: it is not waited long for.
      let decided = await decisions(rig, fleet.failedAt);
      for (let tries = 0; tries < 30 && decided.length < expected; tries++) {
        await sleep(1_000);
        decided = await decisions(rig, fleet.failedAt);
      }
      const [size] = await rig.sql<{ bytes: string }[]>`select pg_database_size(current_database()) as bytes`;
      return {
        counts: fleet.counts(),
        storedSamples: await storedSamples(rig),
        admissionS,
        lag: spreadOf(lags),
        alert: spreadOf(decided),
        alerts: { expected, decided: decided.length },
        cores,
        moments,
        databaseBytes: Number(size?.bytes ?? 0),
        drainS,
      };
    } finally {
      await fleet.stop();
    }
  } finally {
    await rig.stop();
  }
}

/** Of agents' batches, as the delivery ledger counts them. */
export async function storedSamples({ sql }: Pick<Rig, 'sql'>): Promise<number> {
  const [row] = await sql<{ samples: string }[]>`
    select (select coalesce(sum(samples), 0) from batch) + (select coalesce(sum(stored), 0) from ledger where source = '')
      as samples`;
  return Number(row?.samples ?? 0);
}

async function decisions({ sql }: Rig, failedAt: ReadonlyMap<string, number>): Promise<number[]> {
  const rows = await sql<{ host: string; at: string }[]>`
    select a.body ->> 'host' as host, d.at from alert a
    join alert_decision d on d.tenant_id = a.tenant_id and d.id = a.id || '/firing'
    where a.body ->> 'name' = 'Failing'`;
  return rows.flatMap(({ host, at }) => {
    const sampledAt = failedAt.get(host);
    return sampledAt === undefined ? [] : [Number(at) - sampledAt];
  });
}

async function until(check: () => Promise<boolean>, everyMs: number): Promise<void> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(everyMs)) if (await check()) return;
  throw new Error(`nothing after ${patienceMs / 1_000} s`);
}

function momentOf(second: number, { residentBytes, descriptors }: RigUsage, counts: FleetCounts): Moment {
  const { sentSamples, waitingBatches } = counts;
  return { second, residentBytes, descriptors, sentSamples, waitingBatches };
}

function describeMoment({ second, residentBytes, waitingBatches }: Moment, lags: readonly number[]): string {
  const mib = residentBytes.map((bytes) => Math.round(bytes / 2 ** 20)).join(', ');
  const { p50, p99 } = spreadOf(lags);
  return `${second + 1} s: ${mib} MiB, ${waitingBatches} batches wait, lag p50 ${p50} p99 ${p99} ms`;
}

export function coresOf(before: RigUsage, after: RigUsage, seconds: number): FleetReport['cores'] {
  return {
    collectors: (after.collectors - before.collectors) / seconds,
    postgres: (after.postgres - before.postgres) / seconds,
    here: (after.here - before.here) / seconds,
  };
}
