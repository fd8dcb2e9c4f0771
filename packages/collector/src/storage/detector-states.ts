import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';

export interface DetectorState {
  readonly hostId: number;
  readonly lane: number;
  /** Of what is in `body`. */
  readonly version: number;
  readonly body: Uint8Array;
}

export interface DetectorStates {
  /** Replaces the former one of the same version; of a host that is gone nothing is kept. */
  save(scope: TenantScope, state: DetectorState, now: number): Promise<void>;
  /** Of each host and lane the one of that version, or else the newest: whoever can't read it knows that there was one. */
  list(scope: TenantScope, version: number): AsyncIterable<DetectorState>;
  /** Drops, of all tenants, those that were saved before then, and since in another version. */
  expire(before: UnixMs): Promise<void>;
}

/** Of what is in `detector_state`, where collectors write that know one version only. */
const formerVersion = 5;
/** A host's is some ten kilobytes. */
const atOnce = 50;

export function createDetectorStates({ run, stream, system }: Database): DetectorStates {
  return {
    async save(scope, { hostId, lane, version, body }, now) {
      await run(
        scope,
        (sql) => sql`
        insert into learnt_state (tenant_id, host_id, lane, version, body, saved_at)
        select tenant_id, host_id, ${lane}, ${version}, ${body}, ${now} from host
        where tenant_id = ${scope.tenantId} and host_id = ${hostId}
        for key share
        on conflict (tenant_id, host_id, lane, version) do update set body = excluded.body, saved_at = excluded.saved_at`,
      );
    },
    async *list(scope, version) {
      const pages = stream(
        scope,
        atOnce,
        (sql) => sql<DetectorState[]>`
        select distinct on (host_id, lane) host_id as "hostId", lane, version, body from (
          select host_id, lane, version, body, saved_at from learnt_state where tenant_id = ${scope.tenantId}
          union all
          select host_id, lane, ${formerVersion}, body, saved_at from detector_state where tenant_id = ${scope.tenantId}
        ) as learnt order by host_id, lane, version = ${version} desc, saved_at desc`,
      );
      // The driver hands out Node's Buffer.
      for await (const page of pages) for (const row of page) yield { ...row, body: new Uint8Array(row.body) };
    },
    async expire(before) {
      await system.sql`
        delete from learnt_state old where saved_at < ${before} and exists (
          select from learnt_state newer
          where newer.tenant_id = old.tenant_id and newer.host_id = old.host_id and newer.lane = old.lane
            and newer.saved_at > old.saved_at)`;
      await system.sql`
        delete from detector_state old where saved_at < ${before} and exists (
          select from learnt_state newer
          where newer.tenant_id = old.tenant_id and newer.host_id = old.host_id and newer.lane = old.lane)`;
    },
  };
}
