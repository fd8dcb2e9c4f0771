/** Where the time between a sample and its notification went, from what the database and the receiver know. */
import { readFile } from 'node:fs/promises';
import { withDatabase } from '../support/database.ts';
import { percentile } from '../support/percentile.ts';

export interface AlertTimes {
  readonly id: string;
  readonly host: string;
  readonly kind: string;
  /** Of the sample by which it fired. */
  readonly sampledAt: number;
  /** When it was first decided what becomes of it; undefined: never, it is lost. */
  readonly decidedAt: number | undefined;
  readonly incident: string | undefined;
  readonly reason: string | undefined;
}

/** Every alert that has fired. */
export function alertTimes(dataFolder: string): Promise<readonly AlertTimes[]> {
  return withDatabase(dataFolder, async (sql) => {
    const rows = await sql<
      { id: string; host: string; kind: string; since: string; at: string | null; incident: string; reason: string }[]
    >`
      select a.id, a.body ->> 'host' as host, a.body -> 'labels' ->> 'kind' as kind, a.since, d.at,
        d.incident_id as incident, d.reason
      from alert a left join alert_decision d on d.tenant_id = a.tenant_id and d.id = a.id || '/firing'
      where a.state <> 'pending' order by a.since`;
    return rows.map(({ since, at, incident, reason, ...row }) => ({
      ...row,
      sampledAt: Number(since),
      decidedAt: at === null ? undefined : Number(at),
      incident: incident ?? undefined,
      reason: reason ?? undefined,
    }));
  });
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export function spreadOf(some: readonly number[]): Spread {
  const at = (share: number): number => (some.length === 0 ? Number.POSITIVE_INFINITY : percentile(some, share));
  return { p50: at(0.5), p99: at(0.99), most: at(1) };
}

export function describeSpread(what: string, { p50, p99, most }: Spread): string {
  return `${what}: p50 ${Math.round(p50)} ms, p99 ${Math.round(p99)} ms, most ${Math.round(most)} ms\n`;
}

/**
 * What a process's main thread had of the machine since its start: on a busy one much of each stage is waiting for a
 * core, and that is not the program's.
 */
export async function cpuOf(pid: number): Promise<{ readonly ranMs: number; readonly waitedMs: number }> {
  const text = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => '0 0');
  const [ran = 0, waited = 0] = text.split(' ').map(Number);
  return { ranMs: ran / 1e6, waitedMs: waited / 1e6 };
}

export function describeCpu(before: Awaited<ReturnType<typeof cpuOf>>, after: typeof before, wallMs: number): string {
  const ran = ((after.ranMs - before.ranMs) / wallMs) * 100;
  const waited = ((after.waitedMs - before.waitedMs) / wallMs) * 100;
  return `the collector's main thread ran ${Math.round(ran)} % of the time and waited for a core ${Math.round(waited)} %\n`;
}
