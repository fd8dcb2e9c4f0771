import type { AnySql } from './database.ts';

/** With their columns, by name, partitions apart: from the catalog, so that no new table can be forgotten. */
export async function tablesOf(sql: AnySql): Promise<readonly { name: string; columns: string[] }[]> {
  return sql<{ name: string; columns: string[] }[]>`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attgenerated = ''
    group by 1 order by 1`;
}
