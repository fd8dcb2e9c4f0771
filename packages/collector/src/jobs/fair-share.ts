/**
 * Who gets the next free places: start-time fair queueing (Goyal, Vin & Cheng 1997, doi:10.1109/90.649569) between
 * tenants, priorities inside each. A tenant's virtual time goes on by the time that its jobs should take over its
 * weight; the tenant whose next job would start first is served. One that comes or comes back starts at the present:
 * what it left unused is not saved up, and it waits behind nobody's backlog.
 */
import type {
  BudgetView,
  Candidate,
  Choice,
  ClaimPlan,
  LaneView,
  QueueView,
  TenantView,
} from '../storage/jobs/claim.ts';

/** Free places of a worker: each type is of one kind. */
export interface Capacity {
  readonly free: Readonly<Record<'thread' | 'inline', number>>;
  readonly kindOf: (type: string) => 'thread' | 'inline';
}

/** Beyond its share: so that one who has fewer jobs than its share leaves no place empty. */
const spare = 1.5;
const leastPerLane = 4;

export function fairShare(types: readonly string[], { free, kindOf }: Capacity): ClaimPlan {
  return {
    places: new Map(types.map((type) => [type, free[kindOf(type)]])),
    spare,
    leastPerLane,
    choose: (view, budgets, candidates) => choose(view, budgets, candidates, { free, kindOf }),
  };
}

function leftOf({ maxRunning, running, paused }: Pick<LaneView, 'maxRunning' | 'running' | 'paused'>): number {
  if (paused) return 0;
  return maxRunning === null ? Number.POSITIVE_INFINITY : maxRunning - running;
}

class Account {
  readonly tenantId: number;
  readonly #weight: number;
  readonly #queue: Candidate[];
  readonly #lanes: Map<string, number>;
  readonly #budgets: { readonly type: string; left: number }[];
  readonly #free: Record<'thread' | 'inline', number>;
  readonly #kindOf: Capacity['kindOf'];
  #left: number;
  #next = 0;
  added = 0;
  startTag: number;
  finishTag: number;

  constructor(
    { tenantId, weight, finishTag, maxRunning, paused, lanes }: TenantView,
    queue: Candidate[],
    budgets: readonly BudgetView[],
    virtualTime: number,
    { free, kindOf }: { free: Record<'thread' | 'inline', number>; kindOf: Capacity['kindOf'] },
  ) {
    this.tenantId = tenantId;
    this.#weight = weight;
    this.#queue = queue;
    this.#free = free;
    this.#kindOf = kindOf;
    this.#lanes = new Map(lanes.map((lane) => [lane.type, leftOf(lane)]));
    const running = lanes.reduce((sum, lane) => sum + lane.running, 0);
    this.#left = leftOf({ maxRunning, running, paused });
    this.#budgets = budgets.map(({ type, left }) => ({
      type,
      left: left - lanes.reduce((sum, lane) => sum + (type === '*' || type === lane.type ? lane.reserved : 0), 0),
    }));
    this.finishTag = Math.max(virtualTime, finishTag);
    this.startTag = this.finishTag;
  }

  /** The next that may run now; undefined when none does. */
  take(): Candidate | undefined {
    for (; this.#next < this.#queue.length; this.#next++) {
      const job = this.#queue[this.#next];
      if (job === undefined || this.#left <= 0) return undefined;
      const kind = this.#kindOf(job.type);
      const ofLane = this.#lanes.get(job.type) ?? 0;
      const budgets = this.#budgets.filter(({ type }) => type === '*' || type === job.type);
      if (this.#free[kind] <= 0 || ofLane <= 0 || budgets.some(({ left }) => left < job.reserved)) continue;
      this.#next++;
      this.#free[kind]--;
      this.#left--;
      this.#lanes.set(job.type, ofLane - 1);
      for (const budget of budgets) budget.left -= job.reserved;
      this.startTag = this.finishTag;
      const cost = job.estimateMs / this.#weight;
      this.added += cost;
      this.finishTag += cost;
      return job;
    }
    return undefined;
  }
}

function choose(
  { tenants, virtualTime }: QueueView,
  budgets: readonly BudgetView[],
  candidates: readonly Candidate[],
  capacity: Capacity,
): Choice {
  const free = { ...capacity.free };
  const queues = Map.groupBy(candidates, ({ tenantId }) => tenantId);
  const accounts = tenants.flatMap((tenant) => {
    const queue = queues.get(tenant.tenantId);
    if (queue === undefined) return [];
    queue.sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1));
    const own = budgets.filter(({ tenantId }) => tenantId === tenant.tenantId);
    return [new Account(tenant, queue, own, virtualTime, { free, kindOf: capacity.kindOf })];
  });
  const jobs: Candidate[] = [];
  const served = new Set<Account>();
  const wanting = new Set(accounts);
  while (wanting.size > 0) {
    let first: Account | undefined;
    for (const account of wanting) {
      if (first === undefined || account.finishTag < first.finishTag) first = account;
    }
    const job = first?.take();
    if (first === undefined) break;
    if (job === undefined) wanting.delete(first);
    else {
      jobs.push(job);
      served.add(first);
    }
  }
  return { jobs, tags: Array.from(served, ({ tenantId, startTag, added }) => ({ tenantId, startTag, added })) };
}
