/** How much a tenant may spend, what its amounts were before, and proposals to move money between them. */
import { formatUsd, parseUsd, TarsierError, type Nanos, type UnixMs } from '@tarsier/protocol';
import type { BudgetChange, Rebalance, SpendingBudget } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import { decodeCursor, pageOf, type Page } from './cursor.ts';
import type { Database, TarsierTransaction } from './database.ts';
import { newJobId } from './jobs/job-id.ts';
import { storableJson } from './jobs/storable-json.ts';

/** As a budget is kept: its amounts in billionths of USD. */
export interface StoredBudget extends Omit<SpendingBudget, 'amount' | 'minimum' | 'maximum'> {
  readonly amount: Nanos;
  readonly minimum?: Nanos;
  readonly maximum?: Nanos;
}

/** What a proposal was made from: JSON that only its maker reads. */
export interface StoredRebalance {
  readonly rebalance: Rebalance;
  readonly basis: unknown;
}

/** Who changes something, and when. */
export interface Actor {
  readonly by: string;
  readonly at: UnixMs;
}

interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Budgets {
  list(scope: TenantScope): Promise<readonly StoredBudget[]>;
  find(scope: TenantScope, id: string): Promise<StoredBudget | undefined>;
  put(scope: TenantScope, budget: StoredBudget, actor: Actor): Promise<void>;
  /** @returns whether there was one */
  delete(scope: TenantScope, id: string, actor: Actor): Promise<boolean>;
  /** Newest first. @throws {TarsierError} `http/cursor` */
  changes(scope: TenantScope, id: string, page: PageRequest): Promise<Page<BudgetChange>>;
  /** One that a first attempt of the same job has proposed stays as it is. */
  propose(scope: TenantScope, rebalance: Rebalance, basis: unknown): Promise<void>;
  /** Newest first. @throws {TarsierError} `http/cursor` */
  rebalances(scope: TenantScope, page: PageRequest): Promise<Page<Rebalance>>;
  rebalance(scope: TenantScope, id: string): Promise<StoredRebalance | undefined>;
  /**
   * Sets amounts, all or none.
   *
   * @param amounts  by budget
   * @throws {TarsierError} `budgets/changed` when a budget is not what the proposal began with, `budgets/state`
   */
  apply(
    scope: TenantScope,
    id: string,
    amounts: ReadonlyMap<string, Nanos>,
    actor: Actor,
  ): Promise<Rebalance | undefined>;
  /** Back to what it was before. @throws {TarsierError} `budgets/changed`, `budgets/state` */
  undo(scope: TenantScope, id: string, actor: Actor): Promise<Rebalance | undefined>;
}

/** Proposals that are kept of a tenant. */
const mostRebalances = 500;

interface BudgetRow {
  readonly id: string;
  readonly kind: StoredBudget['kind'];
  readonly target: string;
  readonly period: StoredBudget['period'];
  readonly amount: Nanos;
  readonly minimum: Nanos | null;
  readonly maximum: Nanos | null;
  readonly weight: number;
  readonly automatic: boolean;
}

interface RebalanceRow {
  readonly id: string;
  readonly state: Rebalance['state'];
  readonly body: Rebalance;
  readonly basis: unknown;
  readonly amounts: Readonly<Record<string, { readonly from: Nanos; readonly to: Nanos }>> | null;
  readonly applied_at: number | null;
  readonly applied_by: string | null;
  readonly undone_at: number | null;
  readonly undone_by: string | null;
}

interface Change extends Actor {
  readonly budget: string;
  readonly kind: BudgetChange['kind'];
  readonly from: Nanos | null;
  readonly to: Nanos | null;
  readonly reason?: string | undefined;
  readonly rebalance?: string;
}

export function createBudgets({ begin, run }: Database): Budgets {
  return {
    list: (scope) => begin(scope, (tx) => select(tx, scope)),
    find: (scope, id) => begin(scope, async (tx) => (await select(tx, scope)).find((one) => one.id === id)),
    put: (scope, budget, actor) =>
      begin(scope, async (tx) => {
        const { tenantId } = scope;
        const { id, kind, target, period, amount, minimum, maximum, weight, automatic } = budget;
        const before = (await lock(tx, scope)).find((one) => one.id === id);
        await tx`
          insert into budget
            (tenant_id, id, kind, target, period, amount, minimum, maximum, weight, automatic, updated_at)
          values (${tenantId}, ${id}, ${kind}, ${target}, ${period}, ${amount}, ${minimum ?? null}, ${maximum ?? null},
            ${weight}, ${automatic}, ${actor.at})
          on conflict (tenant_id, id) do update set kind = excluded.kind, target = excluded.target,
            period = excluded.period, amount = excluded.amount, minimum = excluded.minimum,
            maximum = excluded.maximum, weight = excluded.weight, automatic = excluded.automatic,
            updated_at = excluded.updated_at`;
        if (before?.amount === amount) return;
        await note(tx, scope, { ...actor, budget: id, kind: 'set', from: before?.amount ?? null, to: amount });
      }),
    delete: (scope, id, actor) =>
      begin(scope, async (tx) => {
        const before = (await lock(tx, scope)).find((one) => one.id === id);
        if (before === undefined) return false;
        await tx`delete from budget where tenant_id = ${scope.tenantId} and id = ${id}`;
        await note(tx, scope, { ...actor, budget: id, kind: 'deleted', from: before.amount, to: null });
        return true;
      }),
    async changes(scope, budgetId, { limit, cursor }) {
      const { tenantId } = scope;
      const [before] = cursor === undefined ? [undefined] : decodeCursor(cursor, ['string']);
      const rows = await run(
        scope,
        (sql) => sql<
          {
            id: string;
            at: number;
            by: string;
            kind: BudgetChange['kind'];
            from_amount: Nanos | null;
            to_amount: Nanos | null;
            reason: string | null;
            rebalance_id: string | null;
          }[]
        >`
          select id, at, by, kind, from_amount, to_amount, reason, rebalance_id from budget_change
          where tenant_id = ${tenantId} and budget_id = ${budgetId}
            ${before === undefined ? sql`` : sql`and id::text < ${before}`}
          order by id desc limit ${limit + 1}`,
      );
      return pageOf(
        rows,
        limit,
        ({ from_amount, to_amount, reason, rebalance_id, ...row }) => ({
          ...row,
          from: from_amount === null ? null : formatUsd(from_amount),
          to: to_amount === null ? null : formatUsd(to_amount),
          ...(reason === null ? {} : { reason }),
          ...(rebalance_id === null ? {} : { rebalance: rebalance_id }),
        }),
        ({ id }) => [id],
      );
    },
    propose: (scope, rebalance, basis) =>
      begin(scope, async (tx) => {
        const { tenantId } = scope;
        await tx`
          insert into budget_rebalance (tenant_id, id, created_at, state, body, basis)
          values (${tenantId}, ${rebalance.id}, ${rebalance.createdAt}, 'proposed',
            ${storableJson(rebalance)}::text::jsonb, ${storableJson(basis)}::text::jsonb)
          on conflict (tenant_id, id) do nothing`;
        await tx`
          delete from budget_rebalance where tenant_id = ${tenantId} and id in (
            select id from budget_rebalance where tenant_id = ${tenantId} order by id desc offset ${mostRebalances})`;
      }),
    async rebalances(scope, { limit, cursor }) {
      const { tenantId } = scope;
      const [before] = cursor === undefined ? [undefined] : decodeCursor(cursor, ['string']);
      const rows = await run(
        scope,
        (sql) => sql<RebalanceRow[]>`
          select * from budget_rebalance
          where tenant_id = ${tenantId} ${before === undefined ? sql`` : sql`and id::text < ${before}`}
          order by id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, rebalanceOf, ({ id }) => [id]);
    },
    rebalance: (scope, id) =>
      begin(scope, async (tx) => {
        const row = await findRebalance(tx, scope, id);
        return row === undefined ? undefined : { rebalance: rebalanceOf(row), basis: row.basis };
      }),
    apply: (scope, id, amounts, actor) =>
      begin(scope, async (tx) => {
        const budgets = await lock(tx, scope);
        const row = await findRebalance(tx, scope, id);
        if (row === undefined) return undefined;
        if (row.state === 'applied') throw wrongState(id, 'is applied');
        const moves = row.body.moves.flatMap(({ budget, from, reason }) => {
          const began = parseUsd(from) ?? 0;
          requireAmount(budgets, budget, began, 'the proposal began with');
          const to = amounts.get(budget) ?? began;
          return to === began ? [] : [{ budget, from: began, to, reason }];
        });
        for (const { budget, from, to, reason } of moves) {
          await setAmount(tx, scope, budget, to, actor);
          await note(tx, scope, { ...actor, budget, kind: 'rebalanced', from, to, reason, rebalance: id });
        }
        const set = Object.fromEntries(moves.map(({ budget, from, to }) => [budget, { from, to }]));
        await tx`
          update budget_rebalance set state = 'applied', amounts = ${storableJson(set)}::text::jsonb,
            applied_at = ${actor.at}, applied_by = ${actor.by}, undone_at = null, undone_by = null
          where tenant_id = ${scope.tenantId} and id = ${id}`;
        const after = await findRebalance(tx, scope, id);
        return after === undefined ? undefined : rebalanceOf(after);
      }),
    undo: (scope, id, actor) =>
      begin(scope, async (tx) => {
        const budgets = await lock(tx, scope);
        const row = await findRebalance(tx, scope, id);
        if (row === undefined) return undefined;
        if (row.state !== 'applied' || row.amounts === null) throw wrongState(id, 'is not applied');
        for (const [budget, { from, to }] of Object.entries(row.amounts)) {
          requireAmount(budgets, budget, to, 'was set by it');
          await setAmount(tx, scope, budget, from, actor);
          await note(tx, scope, { ...actor, budget, kind: 'undone', from: to, to: from, rebalance: id });
        }
        await tx`
          update budget_rebalance set state = 'undone', undone_at = ${actor.at}, undone_by = ${actor.by}
          where tenant_id = ${scope.tenantId} and id = ${id}`;
        const after = await findRebalance(tx, scope, id);
        return after === undefined ? undefined : rebalanceOf(after);
      }),
  };
}

async function select(tx: TarsierTransaction, { tenantId }: TenantScope): Promise<readonly StoredBudget[]> {
  const rows = await tx<BudgetRow[]>`
    select id, kind, target, period, amount, minimum, maximum, weight, automatic from budget
    where tenant_id = ${tenantId} order by kind, target, id`;
  return rows.map(({ minimum, maximum, ...row }) => ({
    ...row,
    ...(minimum === null ? {} : { minimum }),
    ...(maximum === null ? {} : { maximum }),
  }));
}

/** One change of a tenant's budgets at a time: sums over them hold. */
async function lock(tx: TarsierTransaction, scope: TenantScope): Promise<readonly StoredBudget[]> {
  await tx`select 1 from tenant where tenant_id = ${scope.tenantId} for no key update`;
  return select(tx, scope);
}

async function findRebalance(
  tx: TarsierTransaction,
  { tenantId }: TenantScope,
  id: string,
): Promise<RebalanceRow | undefined> {
  const [row] = await tx<RebalanceRow[]>`
    select * from budget_rebalance where tenant_id = ${tenantId} and id = ${id}`;
  return row;
}

async function setAmount(
  tx: TarsierTransaction,
  { tenantId }: TenantScope,
  id: string,
  amount: Nanos,
  { at }: Actor,
): Promise<void> {
  await tx`update budget set amount = ${amount}, updated_at = ${at} where tenant_id = ${tenantId} and id = ${id}`;
}

async function note(
  tx: TarsierTransaction,
  { tenantId }: TenantScope,
  { budget, at, by, kind, from, to, reason, rebalance }: Change,
): Promise<void> {
  await tx`
    insert into budget_change
      (tenant_id, budget_id, id, at, by, kind, from_amount, to_amount, reason, rebalance_id)
    values (${tenantId}, ${budget}, ${newJobId(at)}, ${at}, ${by}, ${kind}, ${from}, ${to}, ${reason ?? null},
      ${rebalance ?? null})`;
}

/** What was set is told, where other amounts than the proposed ones were. */
function rebalanceOf(row: RebalanceRow): Rebalance {
  const { body, state, amounts } = row;
  return {
    ...body,
    state,
    moves:
      amounts === null
        ? body.moves
        : body.moves.map((move) => {
            const from = parseUsd(move.from) ?? 0;
            const to = amounts[move.budget]?.to ?? from;
            return { ...move, to: formatUsd(to), delta: formatUsd(to - from) };
          }),
    ...(row.applied_at === null ? {} : { appliedAt: row.applied_at }),
    ...(row.applied_by === null ? {} : { appliedBy: row.applied_by }),
    ...(row.undone_at === null ? {} : { undoneAt: row.undone_at }),
    ...(row.undone_by === null ? {} : { undoneBy: row.undone_by }),
  };
}

function requireAmount(budgets: readonly StoredBudget[], id: string, expected: Nanos, what: string): void {
  const found = budgets.find((one) => one.id === id);
  if (found?.amount === expected) return;
  const is = found === undefined ? 'it was deleted' : `it is ${formatUsd(found.amount)}`;
  throw new TarsierError('budgets/changed', `budget ${id}: ${formatUsd(expected)} USD ${what}, and now ${is}`);
}

function wrongState(id: string, is: string): TarsierError {
  return new TarsierError('budgets/state', `rebalancing ${id} ${is}`);
}
