/** Takes a host or a tenant away with everything that is about it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantScope } from '../tenant.ts';
import type { Database, TarsierTransaction } from './database.ts';
import { lockHost } from './host-lock.ts';
import { tablesOf } from './tables.ts';
import { forgetHostUsed, meterBatches } from './usage.ts';

export interface Deletions {
  /**
   * @param later  takes what has to wait for the end of the change that this is part of
   * @returns false when there is no such host. What an agent sends for it afterwards makes a new host of that name
   */
  deleteHost(scope: TenantScope, host: string, later?: (work: () => Promise<void>) => void): Promise<boolean>;
  deleteTenant(scope: TenantScope): Promise<void>;
  /** Ends deletions that were begun and not finished. */
  sweep(): Promise<void>;
}

/** Everything of a tenant. */
const wholeTenant = 0;
/** What holds samples, by host number. */
const sampleTables = ['batch', 'segment', 'block', 'rollup_minute', 'rollup_hour'] as const;
/** Between two looks, at first and at most. */
const [pauseMs, longestPauseMs] = [20, 500];
/** A statement that began before a deletion and still runs after this is left to the next sweep. */
const patienceMs = 5_000;

interface Pending {
  readonly tenant_id: number;
  readonly host_id: number;
  readonly transaction: number;
}

export function createDeletions({ run, begin, system }: Database): Deletions {
  async function deleteSamples(tenantId: number, hostId: number): Promise<void> {
    for (const table of sampleTables) {
      await run(
        { tenantId },
        (sql) => sql`
        delete from ${sql(table)}
        where tenant_id = ${tenantId} ${hostId === wholeTenant ? sql`` : sql`and host_id = ${hostId}`}`,
      );
    }
  }

  /**
   * Deletes the samples. A batch is only stored while its host exists, as the statement that stores it sees it: so
   * nothing comes any more once every transaction that began before the host's deletion has ended, also those that have
   * written nothing yet, and so have no number.
   */
  async function finish({ tenant_id, host_id, transaction }: Pending): Promise<void> {
    const [deleted] = await system.sql<{ at: string }[]>`select clock_timestamp()::text as at`;
    const isOver = async (): Promise<boolean> => {
      const [state] = await system.sql<{ over: boolean }[]>`
        select pg_snapshot_xmin(pg_current_snapshot())::text::bigint > ${transaction} and not exists (
          select 1 from pg_stat_activity
          where datname = current_database() and backend_xmin is not null and backend_type = 'client backend'
            and xact_start <= ${deleted?.at ?? ''}::timestamptz
        ) as over`;
      return state?.over === true;
    };
    if (!(await isOver())) {
      await deleteSamples(tenant_id, host_id);
      const began = Date.now();
      for (let ms = pauseMs; !(await isOver()); ms = Math.min(2 * ms, longestPauseMs)) {
        if (Date.now() - began > patienceMs) return;
        await sleep(ms);
      }
    }
    await deleteSamples(tenant_id, host_id);
    await run(
      { tenantId: tenant_id },
      (sql) => sql`delete from deletion where tenant_id = ${tenant_id} and host_id = ${host_id}`,
    );
  }

  return {
    async deleteHost(scope, host, later) {
      const { tenantId } = scope;
      const pending = await begin(scope, async (tx) => {
        // As whoever registers series: no new ones while they are counted.
        await tx`select 1 from tenant where tenant_id = ${tenantId} for update`;
        const [row] = await tx<{ host_id: number }[]>`
          select host_id from host where tenant_id = ${tenantId} and name = ${host}`;
        if (row === undefined) return undefined;
        const { host_id } = row;
        await lockHost(tx, { tenantId, hostId: host_id }, 'wait');
        await meterBatches(tx, { tenantId, hostId: host_id });
        await forgetHostUsed(tx, tenantId, host);
        const series = await tx`delete from series where tenant_id = ${tenantId} and host_id = ${host_id}`;
        await tx`
          update tenant set series_count = series_count - ${series.count}, series_version = series_version + 1
          where tenant_id = ${tenantId}`;
        await tx`delete from host_schema where tenant_id = ${tenantId} and host_id = ${host_id}`;
        await tx`delete from host where tenant_id = ${tenantId} and host_id = ${host_id}`;
        // Whoever writes one holds the host's row.
        for (const table of ['learnt_state', 'detector_state', 'ledger', 'ledger_source'] as const)
          await tx`delete from ${tx(table)} where tenant_id = ${tenantId} and host_id = ${host_id}`;
        await forgetHost(tx, tenantId, host);
        return remember(tx, tenantId, host_id);
      });
      if (pending === undefined) return false;
      if (later === undefined) await finish(pending);
      else later(() => finish(pending));
      return true;
    },

    async deleteTenant(scope) {
      const { tenantId } = scope;
      const pending = await begin(scope, async (tx) => {
        await tx`select 1 from tenant where tenant_id = ${tenantId} for update`;
        await tx`select 1 from host where tenant_id = ${tenantId} order by host_id for no key update`;
        for (const { name, columns } of await tablesOf(tx)) {
          if (columns.includes('tenant_id')) await tx`delete from ${tx(name)} where tenant_id = ${tenantId}`;
        }
        return remember(tx, tenantId, wholeTenant);
      });
      await finish(pending);
    },

    async sweep() {
      const pending = await system.sql<Pending[]>`select tenant_id, host_id, transaction from deletion`;
      for (const one of pending) await finish(one);
    },
  };
}

/** What names a host by its name. */
async function forgetHost(tx: TarsierTransaction, tenantId: number, host: string): Promise<void> {
  await tx`delete from anomaly where tenant_id = ${tenantId} and host = ${host}`;
  await tx`delete from anomaly_event where tenant_id = ${tenantId} and host = ${host}`;
  await tx`delete from anomaly_canary where tenant_id = ${tenantId} and host = ${host}`;
  await tx`delete from anomaly_feedback where tenant_id = ${tenantId} and host = ${host}`;
  await tx`delete from alert where tenant_id = ${tenantId} and body ->> 'host' = ${host}`;
  for (const table of ['notification', 'incident_entry', 'alert_decision'] as const) {
    await tx`delete from ${tx(table)} where tenant_id = ${tenantId} and incident_id in (
      select id from incident where tenant_id = ${tenantId} and body -> 'hosts' = jsonb_build_array(${host}::text))`;
  }
  await tx`delete from incident where tenant_id = ${tenantId} and body -> 'hosts' = jsonb_build_array(${host}::text)`;
  await tx`delete from enrolled_host where tenant_id = ${tenantId} and host = ${host}`;
  await tx`delete from api_key where tenant_id = ${tenantId} and host = ${host}`;
  await tx`update enrol_token set used_by = null where tenant_id = ${tenantId} and used_by = ${host}`;
}

async function remember(tx: TarsierTransaction, tenantId: number, hostId: number): Promise<Pending> {
  const [row] = await tx<Pending[]>`
    insert into deletion (tenant_id, host_id, transaction)
    values (${tenantId}, ${hostId}, pg_current_xact_id()::text::bigint)
    returning tenant_id, host_id, transaction`;
  if (row === undefined) throw new Error('a deletion was not remembered');
  return row;
}
