/**
 * Spreads the tables over the nodes of Citus: those that have tenants by `tenant_id`, all in one group, so that a
 * tenant's rows are together. What is looked for without knowing the tenant is whole on every node; what is queued and
 * taken for all tenants at once stays where it is, on the coordinator.
 */
import { TarsierError } from '@tarsier/protocol';
import type { AnySql } from '../database.ts';
import { tablesOf } from '../tables.ts';

export interface Tables {
  /** By `tenant_id`. */
  readonly distributed: readonly string[];
  /** Whole on every node. */
  readonly reference: readonly string[];
  /** On the coordinator. */
  readonly local: readonly string[];
}

export interface DistributionResult extends Tables {
  /** Of all of these, the ones that were so before. */
  readonly before: readonly string[];
}

/** Of tenants, and small: whose a name, a key or a person is, is asked before it is known which tenant it is. */
const everywhere: readonly string[] = [
  'api_key',
  'closed_tenant',
  'enrol_token',
  'invitation',
  'membership',
  'tenant',
  'tenant_limit',
  'tenant_place',
];
/** One statement takes what is next of all tenants, and locks it. */
const onCoordinator = /^(job|job_.+|lease|deletion|collector)$/u;

/** Where each table belongs. @param sql  of the tables' owner */
export async function placesOf(sql: AnySql): Promise<Tables> {
  const kindOf = ({ name, columns }: { name: string; columns: readonly string[] }): keyof Tables => {
    if (onCoordinator.test(name)) return 'local';
    return columns.includes('tenant_id') && !everywhere.includes(name) ? 'distributed' : 'reference';
  };
  const tables = await tablesOf(sql);
  const named = (kind: keyof Tables): string[] =>
    tables.filter((table) => kindOf(table) === kind).map(({ name }) => name);
  return { distributed: named('distributed'), reference: named('reference'), local: named('local') };
}

/**
 * Goes on where it was stopped before; each table is moved in a transaction of its own.
 *
 * @throws {TarsierError} `storage/no-citus` where the extension is not there
 */
export async function distribute(sql: AnySql): Promise<DistributionResult> {
  const [citus] = await sql`select from pg_proc where proname = 'create_distributed_table' limit 1`;
  if (citus === undefined) {
    throw new TarsierError(
      'storage/no-citus',
      'this PostgreSQL has no Citus: create_distributed_table is not there. On every node install Citus 11 or newer, put it in shared_preload_libraries, restart, and in this database run CREATE EXTENSION citus; as a superuser',
    );
  }
  const { distributed, reference, local } = await placesOf(sql);
  const done = await sql<{ name: string }[]>`
    select c.relname as name from pg_dist_partition p join pg_class c on c.oid = p.logicalrelid
    where c.relnamespace = 'public'::regnamespace and not c.relispartition order by 1`;
  const before = done.map(({ name }) => name).filter((name) => [...distributed, ...reference].includes(name));
  for (const name of reference) {
    if (!before.includes(name)) await sql`select create_reference_table(${name}::regclass)`;
  }
  const [first] = distributed;
  for (const name of distributed) {
    if (before.includes(name)) continue;
    await (name === first
      ? sql`select create_distributed_table(${name}::regclass, 'tenant_id')`
      : sql`select create_distributed_table(${name}::regclass, 'tenant_id', colocate_with => ${first ?? ''})`);
  }
  return { distributed, reference, local, before };
}
