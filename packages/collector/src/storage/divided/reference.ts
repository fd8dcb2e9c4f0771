/**
 * What is of no tenant and joined with rows of tenants: who people are, and what tiers may. It is written in the first
 * database, and copied to the others. What signs somebody in stays in the first.
 */
import type { AnySql, TarsierSql } from '../database.ts';

/** Accounts by their ids or their address. */
export async function copyAccounts(
  from: AnySql,
  to: AnySql,
  which: { readonly ids: readonly string[] } | { readonly email: string },
): Promise<void> {
  const rows = await from<{ id: string; email: string; name: string; created_at: number }[]>`
    select id, email, name, created_at from account
    where ${'ids' in which ? from`id = any(${[...which.ids]}::text[])` : from`email = ${which.email}`}`;
  for (const { id, email, name, created_at: createdAt } of rows) {
    await to`
      insert into account (id, email, name, created_at) values (${id}, ${email}, ${name}, ${createdAt})
      on conflict (id) do update set email = excluded.email, name = excluded.name`;
  }
}

export async function copyTiers(from: AnySql, to: TarsierSql): Promise<void> {
  const [all] = await from<{ tiers: string }[]>`select coalesce(json_agg(tier), '[]')::text as tiers from tier`;
  const tiers = all?.tiers ?? '[]';
  await to.begin(async (tx) => {
    await tx`
      insert into tier select * from json_populate_recordset(null::tier, ${tiers}::text::json)
      on conflict (name) do update set limits = excluded.limits, position = excluded.position`;
    await tx`
      delete from tier where name not in (select name from json_populate_recordset(null::tier, ${tiers}::text::json))`;
  });
}
