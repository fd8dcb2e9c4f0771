/** What would make a tenant's optimisation score better, and what became of it. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { Recommendation } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import { decodeCursor, pageOf, type Page } from './cursor.ts';
import type { Database, TarsierTransaction } from './database.ts';
import { storableJson } from './jobs/storable-json.ts';

type State = Recommendation['state'];

export interface Recommendations {
  /** Most gain first. @throws {TarsierError} `http/cursor` */
  list(
    scope: TenantScope,
    filter: { readonly state?: State | undefined; readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page<Recommendation>>;
  find(scope: TenantScope, id: string): Promise<Recommendation | undefined>;
  /** Of those that somebody has decided for meanwhile only what was measured counts. */
  save(scope: TenantScope, recommendations: readonly Recommendation[]): Promise<void>;
  /**
   * @param from  states that it may be in
   * @throws {TarsierError} `recommendations/state` when it is in another one
   */
  change(
    scope: TenantScope,
    id: string,
    from: readonly State[],
    change: (now: Recommendation) => Recommendation,
  ): Promise<Recommendation | undefined>;
}

/** How long those that are over are kept. */
const keptMs = 400 * 86_400_000;

interface Row {
  readonly id: string;
  readonly state: State;
  readonly gain: number;
  readonly body: Recommendation;
}

export function createRecommendations({ begin, run }: Database): Recommendations {
  async function lock(tx: TarsierTransaction, { tenantId }: TenantScope, id: string): Promise<Row | undefined> {
    const [row] = await tx<Row[]>`
      select id, state, gain, body from recommendation where tenant_id = ${tenantId} and id = ${id} for update`;
    return row;
  }

  async function put(tx: TarsierTransaction, { tenantId }: TenantScope, one: Recommendation): Promise<void> {
    await tx`
      insert into recommendation (tenant_id, id, state, gain, body, changed_at)
      values (${tenantId}, ${one.id}, ${one.state}, ${one.gain.tenant}, ${storableJson(one)}::text::jsonb,
        ${one.changedAt})
      on conflict (tenant_id, id) do update set state = excluded.state, gain = excluded.gain, body = excluded.body,
        changed_at = excluded.changed_at`;
  }

  return {
    async list(scope, { state, limit, cursor }) {
      const { tenantId } = scope;
      const before = cursor === undefined ? undefined : decodeCursor(cursor, ['number', 'string']);
      const rows = await run(
        scope,
        (sql) => sql<Row[]>`
          select id, state, gain, body from recommendation
          where tenant_id = ${tenantId} ${state === undefined ? sql`` : sql`and state = ${state}`}
            ${before === undefined ? sql`` : sql`and (gain, id) < (${before[0]}::float8, ${before[1]})`}
          order by gain desc, id desc limit ${limit + 1}`,
      );
      return pageOf(
        rows,
        limit,
        ({ body }) => body,
        ({ gain, id }) => [gain, id],
      );
    },
    find: (scope, id) =>
      run(
        scope,
        (sql) => sql<Row[]>`
          select id, state, gain, body from recommendation where tenant_id = ${scope.tenantId} and id = ${id}`,
      ).then(([row]) => row?.body),
    save: (scope, recommendations) =>
      begin(scope, async (tx) => {
        for (const one of recommendations) {
          const known = await lock(tx, scope, one.id);
          const wasDecided = known !== undefined && known.body.changedAt > one.changedAt;
          if (!wasDecided || one.state === 'measured') await put(tx, scope, one);
        }
        const newest: UnixMs = Math.max(0, ...recommendations.map(({ changedAt }) => changedAt));
        await tx`
          delete from recommendation where tenant_id = ${scope.tenantId} and state in ('gone', 'measured', 'dismissed')
            and changed_at < ${newest - keptMs}`;
      }),
    change: (scope, id, from, change) =>
      begin(scope, async (tx) => {
        const row = await lock(tx, scope, id);
        if (row === undefined) return undefined;
        if (!from.includes(row.state)) {
          throw new TarsierError(
            'recommendations/state',
            `recommendation ${id}: expected one that is ${from.join(' or ')}, it is ${row.state}`,
          );
        }
        const changed = change(row.body);
        await put(tx, scope, changed);
        return changed;
      }),
  };
}
