/** Which collectors run beside this one, and which of them agents of a tenant should go to. */
import type { Collectors, RunningCollector } from '../storage/collectors.ts';
import { weightOf, type Leases } from '../storage/leases.ts';
import type { TenantScope } from '../tenant.ts';
import type { Leadership } from './leadership.ts';

export interface Peers {
  /** Says that this one is here, and asks who else is. @throws when the database is away */
  renew(): Promise<void>;
  /** Says that this one is here no more. */
  leave(): Promise<void>;
  /** Whether there may be others: until it is known, there may. */
  areThere(): boolean;
  /** Ids of all that run, as far as is known; none when that is not known. */
  running(): readonly string[];
  /** Of tenants that this one decides for, those that another should: it has been there for a while. */
  ofOthers(scopes: readonly TenantScope[]): readonly TenantScope[];
  /** The tenant was handed over to the one that {@link ofOthers} has it for. */
  handed(scope: TenantScope): void;
  /** URLs for a host's agent, the one to prefer first; none where no collector says how it is reached. */
  urlsFor(scope: TenantScope, host: string): readonly string[];
}

export interface PeersDeps {
  readonly collectors: Collectors;
  readonly leases: Pick<Leases, 'others'>;
  readonly leadership: Pick<Leadership, 'leads'>;
  /** Of this one, for agents. */
  readonly url: string | undefined;
  /** One that says nothing for so long is not there. */
  readonly ttlMs: number;
  /** There is one that was not there before. */
  readonly onJoined: () => void;
  readonly monotonic: () => number;
}

interface Peer extends RunningCollector {
  readonly since: number;
  readonly until: number;
}

/** Who gave a tenant back, or never took it, as one that does not reach its database, is not given it for so long. */
const patienceMs = 10 * 60_000;
/** Agents look at no more. */
const mostUrls = 16;

export function createPeers({ collectors, leases, leadership, url, ttlMs, onJoined, monotonic }: PeersDeps): Peers {
  let all: readonly Peer[] | undefined;
  let left = false;
  let telling: Promise<unknown> = Promise.resolve();
  /** To whom a tenant was handed over last. */
  const handed = new Map<number, { readonly to: string; readonly at: number }>();
  let deciders: ReadonlyMap<number, string> = new Map();

  /** A list that is not renewed is soon of nobody. */
  const there = (): readonly Peer[] => all?.filter(({ until }) => until > monotonic()) ?? [];

  /** Those that have been there for a while. */
  const settled = (): readonly Peer[] =>
    there().filter(({ id, since }) => id === collectors.self || monotonic() - since >= ttlMs);

  async function renew(): Promise<void> {
    const told = collectors.renew(ttlMs, url);
    telling = told;
    const found = await told;
    if (left) return;
    const known = new Map(all?.map(({ id, since }) => [id, since]));
    const at = monotonic();
    all = found.map((one) => ({ ...one, since: known.get(one.id) ?? at, until: at + one.leftMs }));
    if (found.some(({ id }) => id !== collectors.self && !known.has(id))) onJoined();
    // Who is alone decides for all. Where it can't be asked who decides, what was known last holds.
    deciders = found.length > 1 ? await leases.others(ttlMs / 4) : new Map();
  }

  return {
    async renew() {
      if (!left) await renew();
    },
    async leave() {
      left = true;
      all = all?.filter(({ id }) => id !== collectors.self);
      // One that is under way would put this one back into the list.
      await telling.catch(() => {});
      await collectors.leave();
    },
    areThere: () => all === undefined || all.some(({ id }) => id !== collectors.self),
    running: () => there().map(({ id }) => id),
    ofOthers(scopes) {
      const candidates = settled();
      if (left || candidates.length < 2) return [];
      return scopes.filter(({ tenantId }) => {
        const [first] = byWeight(candidates, tenantId);
        if (first === undefined || first.id === collectors.self) return false;
        const before = handed.get(tenantId);
        return before?.to !== first.id || monotonic() - before.at >= patienceMs;
      });
    },
    handed({ tenantId }) {
      const [first] = byWeight(settled(), tenantId);
      if (first !== undefined) handed.set(tenantId, { to: first.id, at: monotonic() });
    },
    urlsFor(scope, host) {
      const running = there();
      if (running.every((one) => one.url === undefined)) return [];
      const decides = leadership.leads(scope) ? collectors.self : deciders.get(scope.tenantId);
      return inOrder(running, decides, `${scope.tenantId}/${host}`);
    },
  };
}

/**
 * First the one that decides, for what lands there need not be read again; the others by rendezvous hashing.
 *
 * @param host  names it among all tenants' hosts
 */
export function inOrder(
  collectors: readonly Pick<RunningCollector, 'id' | 'url'>[],
  decides: string | undefined,
  host: string,
): readonly string[] {
  const others = collectors.filter(({ id }) => id !== decides);
  const all = [...collectors.filter(({ id }) => id === decides), ...byWeight(others, host)];
  // One that was killed and started again is there twice for a while.
  return [...new Set(all.flatMap(({ url }) => url ?? []))].slice(0, mostUrls);
}

/** The one whose it is by rendezvous hashing first. */
export function byWeight<T extends { readonly id: string }>(
  collectors: readonly T[],
  thing: string | number,
): readonly T[] {
  return collectors
    .map((one) => ({ one, weight: weightOf(one.id, thing) }))
    .toSorted((a, b) => (a.weight < b.weight ? 1 : -1))
    .map(({ one }) => one);
}
