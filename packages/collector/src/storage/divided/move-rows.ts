/** A tenant's rows from one database into another: all of them as of one moment, and then what was written since. */
import { pipeline } from 'node:stream/promises';
import type { AnySql, TarsierSql, TarsierTransaction } from '../database.ts';
import { tablesOf } from '../tables.ts';
import { asMover } from './closed.ts';

export interface MovedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Of the primary key, after the tenant's number. */
  readonly key: readonly { readonly column: string; readonly type: string }[];
}

/** Each database has its own: what is begun there, not what is known of a tenant. */
const own = new Set(['closed_tenant', 'deletion', 'lease', 'limit_bucket', 'move_log', 'tenant_place']);
/** Whoever works for all tenants looks into these for what is next: they come last, when it is about to be true. */
const queued = /^(job|job_.+|notification)$/u;

export interface TablesToMove {
  readonly early: readonly MovedTable[];
  readonly late: readonly MovedTable[];
}

export async function tablesToMove(sql: AnySql): Promise<TablesToMove> {
  const keys = await sql<{ table: string; column: string; type: string }[]>`
    select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type
    from pg_index i join pg_class c on c.oid = i.indrelid
    cross join lateral unnest(i.indkey) with ordinality as k(attnum, position)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
    where i.indisprimary and c.relnamespace = 'public'::regnamespace and not c.relispartition
      and a.attname <> 'tenant_id'
    order by c.relname, k.position`;
  const tables = (await tablesOf(sql))
    .filter(({ name, columns }) => columns.includes('tenant_id') && !own.has(name))
    .map(({ name, columns }) => ({ name, columns, key: keys.filter(({ table }) => table === name) }));
  return {
    early: tables.filter(({ name }) => !queued.test(name)),
    late: tables.filter(({ name }) => queued.test(name)),
  };
}

/** Partitions that the source has, so that rows do not all go where no partition is. */
export async function copyPartitions(source: TarsierSql, target: TarsierSql): Promise<void> {
  const parts = await source<{ table: string; name: string; bounds: string; options: string[] | null }[]>`
    select parent.relname as table, c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds,
      c.reloptions as options
    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class parent on parent.oid = i.inhparent
    where c.relnamespace = 'public'::regnamespace and c.relispartition and c.relkind = 'r'`;
  for (const { table, name, bounds, options } of parts) {
    const withOptions = options === null ? '' : ` with (${options.join(', ')})`;
    try {
      await target.unsafe(`create table if not exists "${name}" partition of "${table}" ${bounds}${withOptions}`);
    } catch (error) {
      // Rows of its time are where no partition is already: there they are found, too.
      if (!(error instanceof Error && 'code' in error && error.code === '23514')) throw error;
    }
  }
}

/** In the tables, and nowhere else. Goes on where it was stopped. */
export async function clearTenant(sql: TarsierSql, tenantId: number, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    await sql.begin(async (tx) => {
      await asMover(tx, tenantId);
      await tx`delete from ${tx(table)} where tenant_id = ${tenantId}`;
    });
  }
}

/** Reads as of one moment: everything that was committed before. */
export function asOfNow<T>(source: TarsierSql, work: (from: TarsierTransaction) => Promise<T>): Promise<unknown> {
  return source.begin('isolation level repeatable read', work);
}

/** Fills a table that has no rows of the tenant. @throws when not as many arrived as left */
export async function copyTable(
  from: TarsierTransaction,
  target: TarsierSql,
  tenantId: number,
  { name, columns }: MovedTable,
): Promise<void> {
  await target.begin(async (into) => {
    await asMover(into, tenantId);
    await stream(from, into, name, columns, `"${name}" where tenant_id = ${tenantId}`);
    const [left, arrived] = [await countRows(from, name, tenantId), await countRows(into, name, tenantId)];
    if (left !== arrived) throw new Error(`of ${left} rows of ${name} ${arrived} were copied`);
  });
}

async function stream(
  from: TarsierTransaction,
  into: TarsierTransaction,
  table: string,
  columns: readonly string[],
  rows: string,
): Promise<void> {
  const list = columns.map((column) => `"${column}"`).join(', ');
  const source = await from.unsafe(`copy (select ${list} from ${rows}) to stdout (format binary)`).readable();
  const sink = await into.unsafe(`copy "${table}" (${list}) from stdin (format binary)`).writable();
  await pipeline(source, sink);
}

export async function countRows(sql: AnySql, table: string, tenantId: number): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`select count(*) as rows from ${sql(table)} where tenant_id = ${tenantId}`;
  return row?.rows ?? 0;
}

/** Of one round: what is read of them is held in memory. */
const mostKeys = 50_000;
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Puts the rows whose keys were written down in place of those in the target, and forgets the keys once that is
 * committed there: whoever is killed in between does it once more.
 *
 * @param most  how many at a time; what is left is of the next round
 * @returns how many keys
 */
export async function copyWritten(
  source: TarsierSql,
  target: TarsierSql,
  tenantId: number,
  tables: readonly MovedTable[],
  most = mostKeys,
): Promise<number> {
  let done = 0;
  await asOfNow(source, async (from) => {
    // A key that is on both sides of it is copied twice, the same both times.
    const [last] = await from<{ id: string }[]>`
      select id from move_log where tenant_id = ${tenantId} order by id offset ${most - 1} limit 1`;
    const until = last?.id ?? lastId;
    const written = await from<{ table: string; keys: string[][] }[]>`
      select "table", json_agg(distinct key) as keys from move_log
      where tenant_id = ${tenantId} and id <= ${until}::uuid group by 1`;
    if (written.length === 0) return;
    await target.begin(async (into) => {
      await asMover(into, tenantId);
      for (const { table: name, keys } of written) {
        const table = tables.find((one) => one.name === name);
        if (table === undefined) throw new Error(`keys of a table that does not move: ${name}`);
        const { columns, key } = table;
        done += keys.length;
        const typed = key.map(({ type }, at) => `(k.key ->> ${at})::${type}`);
        const same = key.map(({ column }, at) => `t."${column}" = ${typed[at] ?? ''}`);
        await into.unsafe(
          `delete from "${name}" t using json_array_elements($1::text::json) as k(key)
           where ${[`t.tenant_id = ${tenantId}`, ...same].join(' and ')}`,
          [JSON.stringify(keys)],
        );
        const list = columns.map((column) => `t."${column}"`).join(', ');
        await stream(from, into, name, columns, `(${writtenRows(table, list, tenantId, until)}) as w`);
      }
    });
    // Of this moment, too: what was written down since is of the next round.
    await from`delete from move_log where tenant_id = ${tenantId} and id <= ${until}::uuid`;
  });
  return done;
}

/** Rows of a tenant whose keys were written down, each looked up by its key: a plan by statistics of a log that grows is a guess. */
function writtenRows({ name, key }: MovedTable, list: string, tenantId: number, until: string): string {
  const rows = `select ${list} from "${name}" t where t.tenant_id = ${tenantId}`;
  if (key.length === 0) return rows;
  const logged = key.map(({ column, type }, at) => `key[${at + 1}]::${type} as "${column}"`);
  const same = key.map(({ column }) => `t."${column}" = k."${column}"`);
  return `select found.* from (
      select distinct ${logged.join(', ')} from move_log
      where tenant_id = ${tenantId} and "table" = '${name}' and id <= '${until}'
    ) as k cross join lateral (${rows} and ${same.join(' and ')} offset 0) as found`;
}
