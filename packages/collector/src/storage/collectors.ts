/** Which collectors use the database now. The database's clock alone counts. */
import type { Database } from './database.ts';

export interface Collectors {
  /** This one, among all that ever were; the holder of its leases. */
  readonly self: string;
  /**
   * Says that this one is here for another `ttlMs`.
   *
   * @param url  where agents reach it; undefined where they are not to be told of it
   * @returns all that are here, this one included, in the order of their ids
   */
  renew(ttlMs: number, url: string | undefined): Promise<readonly RunningCollector[]>;
  /** Says that this one is here no more. */
  leave(): Promise<void>;
}

export interface RunningCollector {
  readonly id: string;
  readonly url: string | undefined;
  /** Unless it says so again. */
  readonly leftMs: number;
}

export function createCollectors({ system: { sql } }: Database, self: string): Collectors {
  const serverNow = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
  return {
    self,
    async renew(ttlMs, url) {
      await sql`
        with gone as (delete from collector where expires_at <= ${serverNow} and holder <> ${self})
        insert into collector (holder, url, expires_at) values (${self}, ${url ?? null}, ${serverNow} + ${ttlMs}::bigint)
        on conflict (holder) do update set url = excluded.url, expires_at = excluded.expires_at`;
      const rows = await sql<{ holder: string; url: string | null; left: number }[]>`
        select holder, url, expires_at - ${serverNow} as left from collector
        where expires_at > ${serverNow} order by holder`;
      return rows.map(({ holder, url: of, left }) => ({ id: holder, url: of ?? undefined, leftMs: left }));
    },
    async leave() {
      await sql`delete from collector where holder = ${self}`;
    },
  };
}
