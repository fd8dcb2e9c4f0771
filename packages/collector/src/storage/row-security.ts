/**
 * Row-level security: every table that has rows of tenants shows, and takes, those of the tenants in scope alone. Put
 * in place from the catalog at each start, so that no new table can be forgotten.
 */
import { TarsierError } from '@tarsier/protocol';
import type postgres from 'postgres';

/** As whom the collector reads and writes tenants' rows. It owns nothing, and no policy is passed over for it. */
export const applicationRole = 'tarsier_app';
/** The setting of a connection that says which tenants are in scope: their numbers with commas; nothing is nobody. */
export const scopeSetting = 'tarsier.tenants';

const policy = 'tenant_scope';
/** In a query of its own it is worked out once for a statement, not once for a row. */
const inScope = `tenant_id = any ((select string_to_array(current_setting('${scopeSetting}', true), ',')::int[])::int[])`;

/**
 * Makes the role where there is none, and guards every table that has a `tenant_id`. Partitions are reached through
 * their tables alone.
 *
 * @param sql  one connection of the tables' owner
 * @throws {TarsierError} `storage/role` when this user may neither make the role nor take it on
 */
export async function guardTables(sql: postgres.Sql): Promise<void> {
  await ensureRole(sql);
  const tables = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and not (c.relrowsecurity and has_table_privilege(${applicationRole}, c.oid, 'select, insert, update, delete')
        and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = ${policy}))`;
  // Of no tenant, and no secret: what each kind of tenant may use.
  await sql`grant select on tier to ${sql(applicationRole)}`;
  for (const { name } of tables) {
    await sql.begin(async (tx) => {
      await tx`alter table ${tx(name)} enable row level security`;
      await tx`drop policy if exists ${tx(policy)} on ${tx(name)}`;
      await tx`
        create policy ${tx(policy)} on ${tx(name)} to ${tx(applicationRole)}
        using (${tx.unsafe(inScope)}) with check (${tx.unsafe(inScope)})`;
      await tx`grant select, insert, update, delete on ${tx(name)} to ${tx(applicationRole)}`;
    });
  }
}

async function ensureRole(sql: postgres.Sql): Promise<void> {
  const [role] = await sql<{ bypasses: boolean }[]>`
    select rolsuper or rolbypassrls as bypasses from pg_roles where rolname = ${applicationRole}`;
  if (role === undefined) {
    await sql`create role ${sql(applicationRole)} nologin nosuperuser nobypassrls noinherit`.catch((error: unknown) => {
      // Another collector, at the same moment, for another database of this server.
      if (!hasCode(error, ['42710', '23505'])) throw cannot(error, 'does not exist, and this user may not create it');
    });
  } else if (role.bypasses) {
    throw cannot(undefined, 'is a superuser or has BYPASSRLS, which row-level security does not hold');
  }
  if (await mayBecome(sql)) return;
  // Who may create roles administers those that he made, and may let himself in.
  await sql`grant ${sql(applicationRole)} to current_user`.catch(() => {});
  if (!(await mayBecome(sql))) throw cannot(undefined, 'is there, but this user may not take it on');
}

async function mayBecome(sql: postgres.Sql): Promise<boolean> {
  try {
    await sql.begin(async (tx) => {
      await tx`set local role ${tx(applicationRole)}`;
    });
    return true;
  } catch (error) {
    if (hasCode(error, ['42501'])) return false;
    throw error;
  }
}

function cannot(cause: unknown, why: string): TarsierError {
  return new TarsierError(
    'storage/role',
    `the database's role ${applicationRole}, as which tenants' rows are kept apart, ${why}. An administrator runs once, with the user of DATABASE_URL in place of USER: CREATE ROLE ${applicationRole} NOLOGIN NOBYPASSRLS; GRANT ${applicationRole} TO USER;`,
    { cause },
  );
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
