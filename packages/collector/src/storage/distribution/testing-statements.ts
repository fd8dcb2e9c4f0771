/** What a statement asks of a database that is distributed by tenant, read from PostgreSQL's own plan of it. */
import type postgres from 'postgres';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Alias?: string;
  readonly Plans?: readonly PlanNode[];
  readonly [field: string]: unknown;
}

export interface Finding {
  /** Distributed tables that are read whole, whatever tenants there are. */
  readonly ofAll: readonly string[];
  /** It goes from one row to the next of all tenants, which no node can do alone. */
  readonly recursive: boolean;
}

const conditions = ['Index Cond', 'Recheck Cond', 'Filter', 'Hash Cond', 'Merge Cond', 'Join Filter', 'TID Cond'];

/** Those that rows are read and written with; of a copy the statement whose rows are copied. */
export function rowStatements(statements: Iterable<string>): string[] {
  return Array.from(
    statements,
    (statement) => /^\s*copy\s*\((.*)\)\s*to stdout\b/isu.exec(statement)?.[1] ?? statement,
  ).filter((statement) => /^\s*(with|select|insert|update|delete)\b/iu.test(statement));
}

/** @param tableOf  the table of a partition */
export async function look(
  sql: postgres.Sql,
  statement: string,
  distributed: ReadonlySet<string>,
  tableOf: ReadonlyMap<string, string>,
): Promise<Finding> {
  // PostgreSQL 16 could explain a statement with its parameters open; 15, which is to do the same, plans what is prepared.
  const rows = await sql.begin(async (tx) => {
    await tx`select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_partition_pruning', 'off', true)`;
    await tx.unsafe(`prepare looked_at as ${statement}`);
    const [prepared] = await tx<{ parameters: number }[]>`
      select cardinality(parameter_types) as parameters from pg_prepared_statements where name = 'looked_at'`;
    const nulls = Array.from({ length: prepared?.parameters ?? 0 }, () => 'null').join(', ');
    const plans = await tx.unsafe<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }[]>(
      `explain (verbose, costs off, format json) execute looked_at${nulls === '' ? '' : `(${nulls})`}`,
    );
    await tx`deallocate looked_at`;
    return plans;
  });
  const ofAll = new Set<string>();

  function walk(node: PlanNode, above: readonly string[]): void {
    const here = [...above, ...conditions.flatMap((name) => (typeof node[name] === 'string' ? [node[name]] : []))];
    const { 'Relation Name': relation, Alias: alias = relation ?? '', Plans: plans = [] } = node;
    const table = relation === undefined ? undefined : (tableOf.get(relation) ?? relation);
    if (table !== undefined && distributed.has(table) && node['Node Type'] !== 'ModifyTable') {
      // What is above all parts of a table calls them by its alias, theirs have a number.
      const whole = tableOf.has(relation ?? '') ? alias.replace(/_\d+$/u, '') : alias;
      const name = `(?:${[alias, whole].map((one) => one.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)).join('|')})`;
      const own = new RegExp(
        String.raw`\b"?${name}"?\.tenant_id\s*=|=\s*"?${name}"?\.tenant_id\b|\(tenant_id = |ROW\([^)]*\b"?${name}"?\.tenant_id`,
        'u',
      );
      if (!here.some((condition) => own.test(condition))) ofAll.add(table);
    }
    for (const plan of plans) walk(plan, here);
  }
  for (const { Plan } of rows[0]?.['QUERY PLAN'] ?? []) walk(Plan, []);
  return { ofAll: [...ofAll], recursive: ofAll.size > 0 && /^\s*with recursive\b/iu.test(statement) };
}
