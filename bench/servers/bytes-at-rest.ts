import type { Sql } from 'postgres';

const tables = ['batch', 'segment', 'block', 'rollup_minute', 'rollup_hour'] as const;

/** Of all that Tarsier keeps of samples, index, toast and all, by table. */
export async function bytesAtRest(sql: Sql): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const table of tables) {
    const [row] = await sql<{ bytes: string }[]>`
      select coalesce(sum(pg_total_relation_size(inhrelid)), 0) as bytes from pg_inherits
      where inhparent = ${table}::regclass`;
    sizes.set(table, Number(row?.bytes ?? 0));
  }
  const [rest] = await sql<{ bytes: string }[]>`
    select sum(pg_total_relation_size(oid)) as bytes from pg_class
    where relname in ('series', 'host', 'host_schema') and relnamespace = 'public'::regnamespace`;
  sizes.set('series and schemas', Number(rest?.bytes ?? 0));
  return sizes;
}
