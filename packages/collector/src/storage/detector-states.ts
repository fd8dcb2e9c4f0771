import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';

export interface DetectorState {
  readonly hostId: number;
  readonly lane: number;
  readonly body: Uint8Array;
}

export interface DetectorStates {
  /** Replaces the former one; of a host that is gone nothing is kept. */
  save(scope: TenantScope, state: DetectorState, now: number): Promise<void>;
  list(scope: TenantScope): AsyncIterable<DetectorState>;
}

/** A host's is some ten kilobytes. */
const atOnce = 50;

export function createDetectorStates({ run, stream }: Database): DetectorStates {
  return {
    async save(scope, { hostId, lane, body }, now) {
      await run(
        scope,
        (sql) => sql`
        insert into detector_state (tenant_id, host_id, lane, body, saved_at)
        select tenant_id, host_id, ${lane}, ${body}, ${now} from host
        where tenant_id = ${scope.tenantId} and host_id = ${hostId}
        for key share
        on conflict (tenant_id, host_id, lane) do update set body = excluded.body, saved_at = excluded.saved_at`,
      );
    },
    async *list(scope) {
      const pages = stream(
        scope,
        atOnce,
        (sql) => sql<{ hostId: number; lane: number; body: Uint8Array }[]>`
        select host_id as "hostId", lane, body from detector_state where tenant_id = ${scope.tenantId}
        order by host_id, lane`,
      );
      // The driver hands out Node's Buffer.
      for await (const page of pages) for (const row of page) yield { ...row, body: new Uint8Array(row.body) };
    },
  };
}
