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

/** Whether it is one of those that rows are read and written with. */
export function isOfRows(statement: string): boolean {
  return /^\s*(with|select|insert|update|delete)\b/iu.test(statement);
}

/** @param tableOf  the table of a partition */
export async function look(
  sql: postgres.Sql,
  statement: string,
  distributed: ReadonlySet<string>,
  tableOf: ReadonlyMap<string, string>,
): Promise<Finding> {
  const [row] = await sql.unsafe<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }[]>(
    `explain (generic_plan, verbose, costs off, format json) ${statement}`,
  );
  const ofAll = new Set<string>();

  function walk(node: PlanNode, above: readonly string[]): void {
    const here = [...above, ...conditions.flatMap((name) => (typeof node[name] === 'string' ? [node[name]] : []))];
    const { 'Relation Name': relation, Alias: alias = relation ?? '', Plans: plans = [] } = node;
    const table = relation === undefined ? undefined : (tableOf.get(relation) ?? relation);
    if (table !== undefined && distributed.has(table) && node['Node Type'] !== 'ModifyTable') {
      const name = alias.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
      const own = new RegExp(
        String.raw`\b"?${name}"?\.tenant_id\s*=|=\s*"?${name}"?\.tenant_id\b|\(tenant_id = |ROW\([^)]*\b"?${name}"?\.tenant_id`,
        'u',
      );
      if (!here.some((condition) => own.test(condition))) ofAll.add(table);
    }
    for (const plan of plans) walk(plan, here);
  }
  for (const { Plan } of row?.['QUERY PLAN'] ?? []) walk(Plan, []);
  return { ofAll: [...ofAll], recursive: ofAll.size > 0 && /^\s*with recursive\b/iu.test(statement) };
}
