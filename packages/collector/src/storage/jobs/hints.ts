/** What collectors and workers tell each other about jobs. Hints only: whoever misses one finds out by looking. */
import type { PendingQuery, Row } from 'postgres';
import type { AnySql, TarsierSql } from '../database.ts';

const channel = 'tarsier_jobs';

export type JobHint =
  /** Something may be claimed. */
  | { readonly kind: 'wake' }
  /** Something that runs is to end. */
  | { readonly kind: 'cancel' }
  /** These look different now. */
  | { readonly kind: 'changed'; readonly tenantId: number; readonly ids: readonly string[] };

/** A notification holds less than 8,000 bytes. */
export const idsPerHint = 150;

const hint = (sql: AnySql, text: string) => sql`pg_notify(${channel}, ${text})`;
const changedHint = (sql: AnySql, tenantId: number, ids: readonly string[]) =>
  hint(sql, `changed ${tenantId} ${ids.slice(0, idsPerHint).join(' ')}`);

/** As columns of a statement that makes them. Many are not told of: whoever shows so many looks at the list. */
export function submittedHints(sql: AnySql, tenantId: number, ids: readonly string[], wake: boolean) {
  const told = ids.length > 0 && ids.length <= idsPerHint;
  return sql`${wake ? hint(sql, 'wake') : sql`null`}, ${told ? changedHint(sql, tenantId, ids) : sql`null`}`;
}

export const wakeStatement = (sql: AnySql) => sql`select ${hint(sql, 'wake')}`;
export const cancelStatement = (sql: AnySql) => sql`select ${hint(sql, 'cancel')}`;

export async function tellChanged(sql: TarsierSql, tenantId: number, ids: readonly string[]): Promise<void> {
  // Nobody waits for the disk over a hint.
  await sql`select set_config('synchronous_commit', 'off', true), ${changedHint(sql, tenantId, ids)}`;
}

/** As part of what changes them: it is told once that holds, and its commit waits for the disk as always. */
export function changedStatement(sql: TarsierSql, tenantId: number, ids: readonly string[]): PendingQuery<Row[]> {
  return sql`select ${changedHint(sql, tenantId, ids)}`;
}

/** @returns ends it */
export async function listenForHints(sql: TarsierSql, onHint: (hint: JobHint) => void): Promise<() => Promise<void>> {
  // Listening again after the connection was lost counts as a hint: some may have been missed.
  const listening = await sql.listen(
    channel,
    (text) => {
      const [kind, tenant = '', ...ids] = text.split(' ');
      if (kind === 'changed') onHint({ kind, tenantId: Number(tenant), ids });
      else onHint({ kind: kind === 'cancel' ? 'cancel' : 'wake' });
    },
    () => onHint({ kind: 'wake' }),
  );
  return () => listening.unlisten();
}
