import { formatUsd, parseUsd, TarsierError, type Nanos } from '@tarsier/protocol';
import type { BudgetState, SpendingBudget } from '@tarsier/protocol/api';
import { z } from 'zod';
import { amountsOf, periodStart, tryAmounts } from '../../jobs/tasks/budget/propose.ts';
import { readSpend, type Spend } from '../../jobs/tasks/budget/read-spend.ts';
import type { Engine } from '../../query/engine.ts';
import type { StoredBudget } from '../../storage/budgets.ts';
import { dayMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Identity } from '../../tenancy/authenticate.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import { idOf } from '../job-id.ts';
import { parse } from '../parse.ts';

interface BudgetRouteDeps {
  readonly storage: Pick<Storage, 'budgets' | 'jobs' | 'prices'>;
  readonly engine: Engine;
  readonly now: () => number;
}

/** `/v1/budgets`: how much may be spent and was; `/v1/rebalances`: proposals to move money between them. */
export function budgetRoutes(api: Api, deps: BudgetRouteDeps): void {
  const { storage, now } = deps;
  const actor = ({ name }: Identity) => ({ by: name, at: now() });
  const current = async (tenant: TenantScope, id: string) => {
    const found = await storage.budgets.find(tenant, id);
    return found === undefined ? undefined : toText(found);
  };
  api.on('GET /v1/budgets', async ({ tenant, signal }) => ({
    budgets: await statesOf(deps, tenant, await storage.budgets.list(tenant), signal),
  }));
  api.on('GET /v1/budgets/{id}', async ({ tenant, params, query: { days: count }, signal }) => {
    const id = budgetId(params.id);
    const found = await storage.budgets.find(tenant, id);
    if (found === undefined) throw noBudget(id);
    const [budget] = await statesOf(deps, tenant, [found], signal);
    if (budget === undefined) throw noBudget(id);
    const reader = { engine: deps.engine, storage, signal };
    const spend = await readSpend(reader, tenant, found.kind, { count: count - 1, withToday: true, now: now() });
    const spent = spentBy(spend, found.target);
    return { budget, days: spend.days.map((day, at) => ({ day, spent: formatUsd(spent[at] ?? 0) })) };
  });
  api.on('PUT /v1/budgets/{id}', {
    current: ({ tenant, params: { id } }) => current(tenant, id),
    async handle({ tenant, identity, params, body: { amount, minimum, maximum, ...body } }) {
      const budget: StoredBudget = {
        ...body,
        id: budgetId(params.id),
        amount: parseUsd(amount) ?? 0,
        ...(minimum === undefined ? {} : { minimum: parseUsd(minimum) ?? 0 }),
        ...(maximum === undefined ? {} : { maximum: parseUsd(maximum) ?? 0 }),
      };
      await storage.budgets.put(tenant, budget, actor(identity));
      return toText(budget);
    },
  });
  api.on('DELETE /v1/budgets/{id}', {
    current: ({ tenant, params: { id } }) => current(tenant, id),
    async handle({ tenant, identity, params: { id } }) {
      if (await storage.budgets.delete(tenant, id, actor(identity))) return;
      throw noBudget(id);
    },
  });
  api.on('GET /v1/budgets/{id}/changes', async ({ tenant, params, query }) => {
    const { items, next } = await storage.budgets.changes(tenant, budgetId(params.id), query);
    return { changes: items, ...(next === undefined ? {} : { next }) };
  });
  rebalanceRoutes(api, deps, actor);
}

function rebalanceRoutes(
  api: Api,
  { storage: { budgets } }: BudgetRouteDeps,
  actor: (identity: Identity) => { readonly by: string; readonly at: number },
): void {
  const find = async (tenant: TenantScope, id: string) => {
    const found = await budgets.rebalance(tenant, idOf(id));
    if (found === undefined) throw new TarsierError('http/not-found', `there is no rebalancing ${id}`);
    return found;
  };
  const chosen = (
    rebalance: Parameters<typeof amountsOf>[0],
    amounts: Readonly<Record<string, string>> | undefined,
  ): ReadonlyMap<string, Nanos> =>
    amounts === undefined
      ? amountsOf(rebalance)
      : new Map(Object.entries(amounts).map(([id, text]) => [id, parseUsd(text) ?? 0]));
  api.on('GET /v1/rebalances', async ({ tenant, query }) => {
    const { items, next } = await budgets.rebalances(tenant, query);
    return { rebalances: items, ...(next === undefined ? {} : { next }) };
  });
  api.on('GET /v1/rebalances/{id}', async ({ tenant, params }) => (await find(tenant, params.id)).rebalance);
  api.on('POST /v1/rebalances/{id}/simulate', async ({ tenant, params, body: { amounts } }) => {
    const { rebalance, basis } = await find(tenant, params.id);
    return tryAmounts(basis, chosen(rebalance, amounts));
  });
  const current = async ({
    tenant,
    params,
  }: {
    readonly tenant: TenantScope;
    readonly params: { readonly id: string };
  }) => (await budgets.rebalance(tenant, idOf(params.id)))?.rebalance;
  api.on('POST /v1/rebalances/{id}/apply', {
    current,
    async handle({ tenant, identity, params, body: { amounts } }) {
      const { rebalance, basis } = await find(tenant, params.id);
      const wanted = chosen(rebalance, amounts);
      const { broken } = tryAmounts(basis, wanted);
      if (broken.length > 0) throw new TarsierError('budgets/amounts', `amounts: ${broken.join('; ')}`);
      return found(await budgets.apply(tenant, rebalance.id, wanted, actor(identity)), params.id);
    },
  });
  api.on('POST /v1/rebalances/{id}/undo', {
    current,
    handle: async ({ tenant, identity, params }) =>
      found(await budgets.undo(tenant, idOf(params.id), actor(identity)), params.id),
  });
}

function found<T>(value: T | undefined, id: string): T {
  if (value === undefined) throw new TarsierError('http/not-found', `there is no rebalancing ${id}`);
  return value;
}

/** What was spent of each since its period began: each kind is read once, for its longest period. */
async function statesOf(
  { storage, engine, now }: BudgetRouteDeps,
  tenant: TenantScope,
  budgets: readonly StoredBudget[],
  signal: AbortSignal,
): Promise<readonly BudgetState[]> {
  const at = now();
  const today = periodStart('day', at);
  const spends = new Map<string, Spend>();
  for (const [kind, of] of Map.groupBy(budgets, (one) => one.kind)) {
    const since = Math.min(...of.map(({ period }) => periodStart(period, at)));
    const count = Math.round((today - since) / dayMs);
    spends.set(kind, await readSpend({ engine, storage, signal }, tenant, kind, { count, withToday: true, now: at }));
  }
  const isOfJobs = budgets.some(({ kind }) => kind === 'jobs' || kind === 'job-type');
  const view = isOfJobs ? await storage.jobs.work.view() : undefined;
  const lanes = view?.tenants.find(({ tenantId }) => tenantId === tenant.tenantId)?.lanes ?? [];
  return budgets.map((budget): BudgetState => {
    const { kind, target, period } = budget;
    const spend = spends.get(kind);
    const days = spend === undefined ? undefined : spentBy(spend, target);
    const inPeriod = Math.round((today - periodStart(period, at)) / dayMs) + 1;
    const spent = days?.subarray(Math.max(0, days.length - inPeriod)).reduce((sum, one) => sum + one, 0) ?? 0;
    const reserved = lanes.reduce(
      (sum, lane) => sum + (kind === 'jobs' || target === lane.type ? lane.reserved : 0),
      0,
    );
    return {
      ...toText(budget),
      spent: formatUsd(spent),
      ...(kind === 'jobs' || kind === 'job-type' ? { reserved: formatUsd(reserved) } : {}),
      ...(spend === undefined || spend.unpriced.length === 0 ? {} : { unpriced: spend.unpriced }),
    };
  });
}

/** `*` is all of them together. */
function spentBy({ days, byTarget }: Spend, target: string): Float64Array {
  if (target !== '*') return byTarget.get(target) ?? new Float64Array(days.length);
  const sum = new Float64Array(days.length);
  for (const one of byTarget.values()) for (const [at, spent] of one.entries()) sum[at] = (sum[at] ?? 0) + spent;
  return sum;
}

function toText({ amount, minimum, maximum, ...budget }: StoredBudget): SpendingBudget {
  return {
    ...budget,
    amount: formatUsd(amount),
    ...(minimum === undefined ? {} : { minimum: formatUsd(minimum) }),
    ...(maximum === undefined ? {} : { maximum: formatUsd(maximum) }),
  };
}

const budgetId = (id: string): string => parse(z.string().min(1).max(100), id, 'http/parameter');

function noBudget(id: string): TarsierError {
  return new TarsierError('http/not-found', `there is no budget ${id}`);
}
