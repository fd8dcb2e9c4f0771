/**
 * Keeps a tenant's rows in one database from being written, whoever tries and whatever they know: by triggers, which are
 * there only while a tenant moves. A statement that is a tenant's own fails. One of all tenants (what expires, what is
 * next in a queue) passes the tenant's rows over: others must not wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';
import type { TarsierSql, TarsierTransaction } from '../database.ts';
import { applicationRole } from '../row-security.ts';

/** Of what the triggers raise. */
const movingCode = 'TT001';
/** Who moves a tenant says so by this setting: its number. */
const moverSetting = 'tarsier.mover';
/** Who waits for a table's lock lets others wait behind it. */
interface Patience {
  readonly waitMs: number;
  readonly pauseMs: number;
}
/** For those who write to end: that is soon. */
const forWriters: Patience = { waitMs: 1_000, pauseMs: 20 };
/** For all who read, too: seldom, and not for long. Nobody waits for the triggers to go. */
const forReaders: Patience = { waitMs: 250, pauseMs: 750 };
const mostTries = 600;

export function isMoving(error: unknown): boolean {
  if (error instanceof TarsierError && error.code === 'storage/moving') return true;
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === movingCode) || isMoving(error.cause);
}

/** Lets a transaction write what is closed. */
export async function asMover(tx: TarsierTransaction, tenantId: number): Promise<void> {
  await tx`select set_config(${moverSetting}, ${String(tenantId)}, true)`;
}

export function movingError(cause?: unknown): TarsierError {
  return new TarsierError('storage/moving', 'the tenant is being moved to another database; try again in a moment', {
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

const functionName = (tenantId: number): string => `tarsier_closed_${tenantId}`;

/**
 * When it returns no transaction that wrote to the tables is left open, and none will write.
 *
 * @param sql  of the tables' owner
 */
export async function closeTenant(sql: TarsierSql, tenantId: number, tables: readonly string[]): Promise<void> {
  const name = functionName(tenantId);
  await sql`insert into closed_tenant (tenant_id, closed_at) values (${tenantId}, ${Date.now()}) on conflict do nothing`;
  await sql.unsafe(`
    create or replace function ${name}() returns trigger language plpgsql as $$
    begin
      if current_setting('${moverSetting}', true) = '${tenantId}' then
        if tg_op = 'DELETE' then return old; end if;
        return new;
      end if;
      if tg_op <> 'INSERT' and current_user <> '${applicationRole}' then return null; end if;
      raise exception 'tenant ${tenantId} is being moved to another database' using errcode = '${movingCode}';
    end $$`);
  for (const table of tables) {
    // Each waits for the transactions that write to its table to end: they are part of what was copied, or fail.
    await patiently(sql, forWriters, async (tx) => {
      await tx.unsafe(`
        create or replace trigger ${name} before insert or update on "${table}" for each row
          when (new.tenant_id = ${tenantId}) execute function ${name}();
        create or replace trigger ${name}_delete before delete on "${table}" for each row
          when (old.tenant_id = ${tenantId}) execute function ${name}()`);
    });
  }
}

/** At once: the triggers stay, and let everybody through. */
export async function openTenant(sql: TarsierSql, tenantId: number): Promise<void> {
  await sql.unsafe(`
    create or replace function ${functionName(tenantId)}() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then return old; end if;
      return new;
    end $$`);
  await sql`delete from closed_tenant where tenant_id = ${tenantId}`;
}

/** Takes away what {@link closeTenant} (`closed`) or {@link logWrites} (`moved`) has put there. */
export async function removeTriggers(sql: TarsierSql, tenantId: number, which: 'closed' | 'moved'): Promise<void> {
  const names = `^tarsier_${which}_${tenantId}(_|$)`;
  const triggers = await sql<{ table: string; names: string[] }[]>`
    select c.relname as table, array_agg(t.tgname::text) as names from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where t.tgparentid = 0 and t.tgname ~ ${names} group by 1`;
  for (const { table, names: some } of triggers) {
    await patiently(sql, forReaders, async (tx) => {
      // Before its partitions, as whoever writes to it: otherwise each would wait for the other.
      await tx`lock table ${tx(table)} in access exclusive mode`;
      for (const name of some) await tx.unsafe(`drop trigger if exists "${name}" on "${table}"`);
    });
  }
  const functions = await sql<{ name: string }[]>`
    select proname as name from pg_proc
    where pronamespace = 'public'::regnamespace and proname ~ ${names}`;
  for (const { name } of functions) await sql.unsafe(`drop function if exists "${name}"()`);
  if (which === 'closed') await sql`delete from closed_tenant where tenant_id = ${tenantId}`;
}

/**
 * Writes down the keys of a tenant's rows that are written from now on. When it returns no older transaction is left.
 *
 * @param keys  columns of the primary key after the tenant's number, by table
 */
export async function logWrites(
  sql: TarsierSql,
  tenantId: number,
  keys: ReadonlyMap<string, readonly { readonly column: string }[]>,
): Promise<void> {
  for (const [table, columns] of keys) {
    const name = `tarsier_moved_${tenantId}_${table}`;
    const key = columns.map(({ column }) => `written."${column}"::text`).join(', ');
    await sql.unsafe(`
      create or replace function "${name}"() returns trigger language plpgsql as $$
      declare written record;
      begin
        if tg_op = 'DELETE' then written := old; else written := new; end if;
        insert into public.move_log (tenant_id, "table", key) values (${tenantId}, '${table}', array[${key}]::text[]);
        return null;
      end $$`);
    await patiently(sql, forWriters, async (tx) => {
      await tx.unsafe(`
        create or replace trigger "${name}" after insert or update on "${table}" for each row
          when (new.tenant_id = ${tenantId}) execute function "${name}"();
        create or replace trigger "${name}_delete" after delete on "${table}" for each row
          when (old.tenant_id = ${tenantId}) execute function "${name}"()`);
    });
  }
}

/** Tries until it has its lock. */
async function patiently(
  sql: TarsierSql,
  { waitMs, pauseMs }: Patience,
  work: (tx: TarsierTransaction) => Promise<unknown>,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await sql.begin(async (tx) => {
        await tx`select set_config('lock_timeout', ${String(waitMs)}, true)`;
        await work(tx);
      });
      return;
    } catch (error) {
      const isLocked = error instanceof Error && 'code' in error && ['55P03', '40P01'].includes(String(error.code));
      if (!isLocked || tries >= mostTries) throw error;
      await sleep(pauseMs);
    }
  }
}
