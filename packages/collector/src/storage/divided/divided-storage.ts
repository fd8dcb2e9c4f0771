/**
 * Several databases as one storage. Everything of a tenant is in one of them, which the directory names; what is of
 * nobody is in the first. Each is a whole database of its own: no statement and no transaction is of two.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import type { Inserted, NewBatch } from '../batches.ts';
import type { Database } from '../database.ts';
import type { HeldLease } from '../leases.ts';
import type { Storage } from '../storage.ts';
import { isMoving, movingError } from './closed.ts';
import { divide, type Unrouted } from './divide.ts';
import type { TenantMoves } from './move.ts';
import { home, type Places } from './places.ts';
import { copyAccounts, copyTiers } from './reference.ts';

export interface OneDatabase {
  readonly storage: Storage;
  readonly database: Pick<Database, 'system'>;
}

type OfTenant = { readonly tenantId: number };

/** A lease's term in another database is another, whatever its number. */
const termsPerMove = 1e9;
/** What must not be lost by a move waits for its end so long. */
const patienceMs = 60_000;
const lookMs = 250;
/** What one has to tell waits no longer for another; what that claims meanwhile is told when its claim has ended. */
const dueMs = 3_000;
/** How often tenants are looked for that are closed though nobody moves them. */
const closedEveryMs = 60_000;
/** How often it is said that a database does not answer. */
const warnEveryMs = 60_000;

export function createDividedStorage(
  databases: ReadonlyMap<string, OneDatabase>,
  places: Places,
  moves: TenantMoves,
  connection: Storage['connection'],
  log: Log,
): Storage {
  const first = databases.get(home);
  if (first === undefined) throw new Error('an installation without a first database');
  const { storage: homeStorage } = first;
  const homeSql = first.database.system.sql;
  const all = [...databases].map(([name, { storage }]) => ({ name, storage }));
  const others = [...databases].flatMap(([name, one]) => (name === home ? [] : [one]));
  /** A change's scope stays with its transaction, wherever the tenant is by the time that it ends. */
  const ofChange = new WeakMap<object, Storage>();
  const warnedAt = new Map<string, number>();
  let closedLookedAt = -Infinity;

  function of(scope: OfTenant): Storage {
    const known = ofChange.get(scope);
    if (known !== undefined) return known;
    const name = places.of(scope);
    const one = databases.get(name);
    if (one !== undefined) return one.storage;
    throw new TarsierError(
      'storage/directory',
      `tenant ${scope.tenantId} is in database ${name}, which is not in the TARSIER_DATABASES of this collector`,
      { retryable: true },
    );
  }

  const isIn =
    (name: string) =>
    (scope: OfTenant): boolean =>
      places.of(scope) === name;

  function passedOver(database: string, error: unknown): void {
    const now = performance.now();
    if (now - (warnedAt.get(database) ?? -Infinity) < warnEveryMs) return;
    warnedAt.set(database, now);
    log.warn('one of the databases does not do what it is asked; the others go on', {
      database,
      error: describeError(error),
    });
  }

  /**
   * Asks every database. One that does not answer, or not within a time, keeps none of the others from it.
   *
   * @throws when none answers
   */
  async function gather<T>(
    ask: (storage: Storage, isHere: (scope: OfTenant) => boolean) => Promise<T>,
    withinMs?: number,
  ): Promise<T[]> {
    const answers = await Promise.allSettled(
      all.map(({ name, storage }) => {
        const answer = ask(storage, isIn(name));
        return withinMs === undefined ? answer : within(answer, withinMs);
      }),
    );
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    for (const [at, answer] of answers.entries()) {
      if (answer.status === 'fulfilled') continue;
      if (found.length === 0) throw answer.reason;
      passedOver(all[at]?.name ?? home, answer.reason);
    }
    return found;
  }

  /** What each says of the tenants that are there. */
  async function gatherRows<T>(
    ask: (storage: Storage) => Promise<readonly T[]>,
    scopeOf: (row: T) => OfTenant,
    withinMs?: number,
  ): Promise<T[]> {
    const found = await gather(
      async (storage, isHere) => (await ask(storage)).filter((row) => isHere(scopeOf(row))),
      withinMs,
    );
    return found.flat();
  }

  const byId = <T extends OfTenant>(rows: T[]): T[] => rows.toSorted((a, b) => a.tenantId - b.tenantId);

  /** Things of several tenants, those of each database together. */
  async function inGroups<T, R>(
    things: readonly T[],
    scopeOf: (thing: T) => OfTenant,
    ask: (storage: Storage, some: readonly T[]) => Promise<readonly R[]>,
  ): Promise<R[]> {
    const groups = Map.groupBy(things, (thing) => of(scopeOf(thing)));
    return (await Promise.all(Array.from(groups, ([storage, some]) => ask(storage, some)))).flat();
  }

  /** What was done already, and has to be written down: waits until the tenant takes writes again. */
  async function throughMove<T>(scope: OfTenant | undefined, write: () => Promise<T>): Promise<T> {
    for (const began = performance.now(); ; await sleep(lookMs)) {
      const late = performance.now() - began > patienceMs;
      if (scope !== undefined && !late && places.isClosed(scope)) continue;
      try {
        return await write();
      } catch (error) {
        if (late || !isMoving(error)) throw error;
      }
    }
  }

  /** Things of several tenants, those of each together: one that moves holds up none of the others'. */
  function eachThroughMove<T extends OfTenant, R>(
    things: readonly T[],
    write: (tenant: OfTenant, some: readonly T[]) => Promise<R>,
  ): Promise<R[]> {
    const groups = Map.groupBy(things, ({ tenantId }) => tenantId);
    return Promise.all(
      Array.from(groups, ([tenantId, some]) => throughMove({ tenantId }, () => write({ tenantId }, some))),
    );
  }

  /** @returns what ends it */
  async function listenAtAll(listen: (storage: Storage) => Promise<() => Promise<void>>): Promise<() => Promise<void>> {
    const listening = await Promise.all(all.map(({ storage }) => listen(storage)));
    return async () => {
      await Promise.all(listening.map((unlisten) => unlisten()));
    };
  }

  /**
   * What the database says that knows a secret, if it is of a tenant that is there: as soon as one does, whatever the
   * others are at.
   *
   * @throws when none does and not all could be asked
   */
  function whoKnows<T>(
    ask: (storage: Storage) => Promise<T | undefined>,
    scopeOf: (found: T) => OfTenant,
  ): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const found: { readonly name: string; readonly one: T }[] = [];
      const asked = all.map(async ({ name, storage }) => {
        const one = await ask(storage);
        if (one === undefined) return;
        found.push({ name, one });
        if (isIn(name)(scopeOf(one))) resolve(one);
      });
      Promise.allSettled(asked)
        .then((answers) => {
          // Where it went may have answered before the switch, and where it was after it.
          const moved = found.find(({ name, one }) => isIn(name)(scopeOf(one)));
          const failed = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
          if (moved !== undefined || failed.length === 0) resolve(moved?.one);
          else reject(failed.find(isMoving) ?? failed[0]);
        })
        .catch(reject);
    });
  }

  async function insertBatches(batches: readonly NewBatch[]): Promise<Inserted[]> {
    const result: Inserted[] = batches.map(() => 'moving');
    const open = batches.flatMap((batch, at) => (places.isClosed(batch.scope) ? [] : [{ batch, at }]));
    const groups = Map.groupBy(open, ({ batch }) => of(batch.scope));
    const insert = async (storage: Storage, some: typeof open): Promise<void> => {
      try {
        const inserted = await storage.batches.insert(some.map(({ batch }) => batch));
        for (const [index, { at }] of some.entries()) result[at] = inserted[index] ?? 'known';
      } catch (error) {
        if (!isMoving(error)) throw error;
        // One tenant's move, of which this collector has not heard yet, must not keep the others out.
        const tenants = [...Map.groupBy(some, ({ batch }) => batch.scope.tenantId).values()];
        if (tenants.length > 1) for (const ofTenant of tenants) await insert(storage, ofTenant);
      }
    };
    await Promise.all(Array.from(groups, ([storage, some]) => insert(storage, some)));
    return result;
  }

  /** Somebody who is to be a user of a tenant that is not in the first database has an account there, and a copy. */
  async function ensureAccount(
    storage: Storage,
    {
      email,
      name,
      passwordHash,
    }: { readonly email: string; readonly name: string; readonly passwordHash: string | null },
  ): Promise<void> {
    const there = others.find((one) => one.storage === storage);
    if (there === undefined) return;
    await homeSql`
      insert into account (id, email, name, password_hash, created_at)
      values (gen_random_uuid()::text, ${email}, ${name}, ${passwordHash}, ${Date.now()}) on conflict do nothing`;
    await copyAccounts(homeSql, there.database.system.sql, { email });
  }

  const toAll = async (write: (storage: Storage) => Promise<unknown>): Promise<void> => {
    for (const { storage } of all) await write(storage);
  };
  /** What a database passes over of a tenant that is closed does not look different from what is not there. */
  function throwWhereClosed(): void {
    if (places.anyClosed()) throw movingError();
  }
  const toAllOpen = (write: (storage: Storage) => Promise<unknown>): Promise<void> =>
    throughMove(undefined, async () => {
      await toAll(write);
      throwWhereClosed();
    });
  /** What the rest has to be the parameter says; what is known of `K` within does not. */
  const route = <K extends keyof Storage>(
    key: K,
    ...rest: keyof Unrouted<Storage[K]> extends never ? [] : [Unrouted<Storage[K]> & Partial<Storage[K]>]
  ): Storage[K] => divide<Storage[K] & object>((scope) => of(scope)[key], homeStorage[key], (rest[0] ?? {}) as never);

  const { alertPolicies: policies, jobs } = homeStorage;
  const routePolicies = <K extends 'inhibitions' | 'overrides' | 'rotations' | 'routes' | 'silences'>(kind: K) =>
    divide<Storage['alertPolicies'][K]>((scope) => of(scope).alertPolicies[kind], policies[kind], {} as never);

  const find: Storage['tenants']['find'] = async (name) => places.named(name) ?? homeStorage.tenants.find(name);
  const tenantRows = async () =>
    byId(
      await gatherRows(
        (storage) => storage.tiers.tenants(),
        (row) => row,
      ),
    );
  const spread = async (): Promise<void> => {
    for (const { database } of others) await copyTiers(homeSql, database.system.sql);
  };
  let claimNext = 0;

  return {
    tenants: route('tenants', {
      find,
      ensure: async (name) => (await find(name)) ?? homeStorage.tenants.ensure(name),
      all: async () =>
        byId(
          await gatherRows(
            (storage) => storage.tenants.all(),
            (scope) => scope,
          ),
        ),
      withHosts: async () =>
        byId(
          await gatherRows(
            (storage) => storage.tenants.withHosts(),
            (scope) => scope,
          ),
        ),
    }),
    tiers: {
      find: homeStorage.tiers.find,
      async list() {
        const counts = Map.groupBy(await tenantRows(), ({ tier }) => tier);
        return (await homeStorage.tiers.list()).map((tier) => ({
          ...tier,
          tenants: counts.get(tier.name)?.length ?? 0,
        }));
      },
      async put(tier) {
        await homeStorage.tiers.put(tier);
        await spread();
      },
      async delete(name) {
        if ((await tenantRows()).some(({ tier }) => tier === name) || !(await homeStorage.tiers.delete(name)))
          return false;
        await spread();
        return true;
      },
      async ensure() {
        await homeStorage.tiers.ensure();
        await spread();
      },
      tenants: tenantRows,
      createTenant: async (name, tier) =>
        places.named(name) === undefined ? homeStorage.tiers.createTenant(name, tier) : undefined,
      changeTenant: (tenantId, change) => of({ tenantId }).tiers.changeTenant(tenantId, change),
      spreadWeight: (name) => toAll((storage) => storage.tiers.spreadWeight(name)),
    },
    keys: route('keys', {
      // That it was used is written down, too.
      find: (key) =>
        throughMove(undefined, () =>
          whoKnows(
            (storage) => storage.keys.find(key),
            ({ tenant }) => tenant,
          ),
        ),
    }),
    enrolments: route('enrolments', {
      async enrol(token, choose) {
        let fault: Awaited<ReturnType<Storage['enrolments']['enrol']>> = { kind: 'unknown' };
        for (const { name, storage } of all) {
          const found = await storage.enrolments.enrol(token, async (tenant, enrolled) => {
            if (!isIn(name)(tenant)) throw movingError();
            return choose(tenant, enrolled);
          });
          if ('key' in found) return found;
          if (found.kind !== 'unknown') fault = found;
        }
        throwWhereClosed();
        return fault;
      },
    }),
    sessions: route('sessions', {
      async redeem(...args) {
        for (const { name, storage } of all) {
          const found = await storage.sessions.redeem(...args);
          if (found !== undefined && isIn(name)(found.tenant)) return found;
        }
        throwWhereClosed();
        return undefined;
      },
      find: (token, now) =>
        whoKnows(
          (storage) => storage.sessions.find(token, now),
          ({ tenant }) => tenant,
        ),
      end: (token) => toAllOpen((storage) => storage.sessions.end(token)),
      endOthers: (account, keep) => toAllOpen((storage) => storage.sessions.endOthers(account, keep)),
    }),
    hosts: route('hosts'),
    series: route('series', { sentByAgent: (known) => of(known.scope).series.sentByAgent(known) }),
    batches: route('batches', { insert: insertBatches }),
    endMarkers: {
      put: (markers) =>
        inOrder(
          markers,
          ({ schema }) => schema.scope,
          (storage, some) => storage.endMarkers.put(some),
        ),
      newest: (sources) =>
        inOrder(
          sources,
          ({ schema }) => schema.scope,
          (storage, some) => storage.endMarkers.newest(some),
        ),
      list: (schema) => of(schema.scope).endMarkers.list(schema),
      remove: (schema, time) => of(schema.scope).endMarkers.remove(schema, time),
    },
    samples: route('samples', { expired: () => all.forEach(({ storage }) => storage.samples.expired()) }),
    deletions: route('deletions', {
      async deleteTenant(scope) {
        if (places.isMoving(scope)) throw movingError();
        await of(scope).deletions.deleteTenant(scope);
        await homeSql`delete from tenant_place where tenant_id = ${scope.tenantId}`;
      },
      async sweep() {
        await gather((storage) => storage.deletions.sweep());
      },
    }),
    rules: route('rules'),
    ruleFiles: route('ruleFiles', {
      all: () =>
        gatherRows(
          (storage) => storage.ruleFiles.all(),
          ({ scope }) => scope,
        ),
    }),
    alerts: route('alerts'),
    alertPolicies: divide<Storage['alertPolicies']>((scope) => of(scope).alertPolicies, policies, {
      routes: routePolicies('routes'),
      silences: routePolicies('silences'),
      inhibitions: routePolicies('inhibitions'),
      rotations: routePolicies('rotations'),
      overrides: routePolicies('overrides'),
      foreignSilences: divide<Storage['alertPolicies']['foreignSilences']>(
        (scope) => of(scope).alertPolicies.foreignSilences,
        policies.foreignSilences,
        {
          tenants: () =>
            gatherRows(
              (storage) => storage.alertPolicies.foreignSilences.tenants(),
              (scope) => scope,
            ),
        },
      ),
      async marks(scope) {
        if (scope !== undefined) return of(scope).alertPolicies.marks(scope);
        const rows = await gatherRows(
          async (storage) =>
            Array.from(await storage.alertPolicies.marks(), ([tenantId, mark]) => ({ tenantId, mark })),
          (row) => row,
        );
        return new Map(rows.map(({ tenantId, mark }) => [tenantId, mark]));
      },
    }),
    incidents: route('incidents', {
      async noiseReductions(since) {
        const rows = await gatherRows(
          async (storage) =>
            Array.from(await storage.incidents.noiseReductions(since), ([tenantId, spared]) => ({ tenantId, spared })),
          (row) => row,
        );
        return new Map(rows.map(({ tenantId, spared }) => [tenantId, spared]));
      },
    }),
    ledger: route('ledger'),
    leases: {
      async renew(ttlMs, running) {
        const held = await gather(
          async (storage, isHere) => (await storage.leases.renew(ttlMs, running)).filter(({ scope }) => isHere(scope)),
          // Those of the others must not run out meanwhile.
          ttlMs / 4,
        );
        return held
          .flat()
          .map((one): HeldLease => ({ ...one, term: one.term + places.moves(one.scope) * termsPerMove }));
      },
      give: (scope) => of(scope).leases.give(scope),
      async release() {
        await gather((storage) => storage.leases.release());
      },
      async others(withinMs) {
        const found = await gather(
          async (storage, isHere) =>
            [...(await storage.leases.others(withinMs))].filter(([tenantId]) => isHere({ tenantId })),
          withinMs,
        );
        return new Map(found.flat());
      },
    },
    // Each is one, whatever the databases.
    collectors: homeStorage.collectors,
    bus: {
      tell: (message) => homeStorage.bus.tell(message),
      // What is told within a transaction is told where that is.
      listen: (...args) => listenAtAll((storage) => storage.bus.listen(...args)),
    },
    changeEvents: route('changeEvents', {
      async expire(...args) {
        await gather((storage) => storage.changeEvents.expire(...args));
      },
    }),
    anomalies: route('anomalies'),
    anomalyEvents: route('anomalyEvents'),
    detectorStates: route('detectorStates', {
      async expire(before) {
        await gather((storage) => storage.detectorStates.expire(before));
      },
    }),
    ruleBoards: route('ruleBoards'),
    detectionTuning: route('detectionTuning'),
    channels: route('channels'),
    dashboards: route('dashboards'),
    audit: route('audit'),
    async change(scope, lock, work) {
      const storage = of(scope);
      try {
        return await storage.change(scope, lock, async (inner) => {
          ofChange.set(inner, storage);
          try {
            return await work(inner);
          } finally {
            ofChange.delete(inner);
          }
        });
      } catch (error) {
        if (isMoving(error)) throw movingError(error);
        throw error;
      }
    },
    corsOrigins: route('corsOrigins', {
      all: () =>
        gatherRows(
          (storage) => storage.corsOrigins.all(),
          (row) => row,
        ),
    }),
    idempotency: route('idempotency', {
      async expire(before) {
        await gather((storage) => storage.idempotency.expire(before));
      },
    }),
    limits: route('limits'),
    usage: route('usage'),
    lists: route('lists'),
    notifications: {
      due: (...args) =>
        gatherRows(
          (storage) => storage.notifications.due(...args),
          (row) => row,
          dueMs,
        ),
      async clockWasPutBack(now) {
        await gather((storage) => storage.notifications.clockWasPutBack(now));
      },
      // It has been told: whoever does not know that tells it again.
      sent: (entry, now) => throughMove(entry, () => of(entry).notifications.sent(entry, now)),
      failed: (entry, ...rest) => throughMove(entry, () => of(entry).notifications.failed(entry, ...rest)),
      recent: (scope, perChannel) => of(scope).notifications.recent(scope, perChannel),
    },
    signingKeys: homeStorage.signingKeys,
    jobs: divide<Storage['jobs']>((scope) => of(scope).jobs, jobs, {
      async fireSchedules(now, decide) {
        const fired = await gather((storage, isHere) =>
          storage.jobs.fireSchedules(now, async (scope, schedule) => {
            if (!isHere(scope)) throw movingError();
            return decide(scope, schedule);
          }),
        );
        return sum(fired);
      },
      work: {
        // Databases take turns: each has an order of its own.
        async claim(request, plan, onTaken) {
          const turn = claimNext++;
          const order = all.map((_, at) => all[(turn + at) % all.length]);
          let left = false;
          let [nothing, failure]: [Awaited<ReturnType<typeof jobs.work.claim>> | undefined, unknown] = [
            undefined,
            undefined,
          ];
          for (const one of order) {
            if (one === undefined) continue;
            let taken = 0;
            try {
              const early = await one.storage.jobs.work.claim(request, plan, (some) => {
                taken = some.length;
                onTaken(some);
              });
              left ||= early.result.left;
              // Of those that were not asked nothing is known.
              if (taken > 0) return { ...early, result: { left: left || one !== order.at(-1) } };
              nothing = early;
            } catch (error) {
              if (taken > 0) throw error;
              passedOver(one.name, error);
              failure = error;
            }
          }
          if (nothing === undefined) throw failure;
          return { ...nothing, result: { left: left || failure !== undefined } };
        },
        async view() {
          const views = await gather(async (storage, isHere) => {
            const { tenants, virtualTime } = await storage.jobs.work.view();
            return { tenants: tenants.filter(isHere), virtualTime };
          });
          return {
            tenants: views.flatMap(({ tenants }) => tenants),
            virtualTime: Math.max(...views.map(({ virtualTime }) => virtualTime)),
          };
        },
        async finish(outcomes, now) {
          const done = await eachThroughMove(outcomes, async (tenant, some) => {
            const storage = of(tenant);
            const counted = await storage.jobs.work.finish(some, now);
            // A tenant that is closed passes rows over: they are not another worker's.
            if (counted.length < some.length) {
              await places.refresh();
              if (places.isClosed(tenant) || of(tenant) !== storage) throw movingError();
            }
            return counted;
          });
          return done.flat();
        },
        async renew(runs, leaseMs) {
          const open = runs.filter((run) => !places.isClosed(run));
          const renewed = await inGroups(
            open,
            (run) => run,
            (storage, some) => storage.jobs.work.renew(some, leaseMs),
          );
          // Nobody else can take these meanwhile.
          const still = runs
            .filter((run) => places.isClosed(run))
            .map(({ tenantId, id }) => ({ tenantId, id, cancelRequested: false }));
          return [...renewed, ...still];
        },
        async progress(runs) {
          await inGroups(
            runs,
            (run) => run,
            async (storage, some) => [await storage.jobs.work.progress(some)],
          );
        },
        async addEvents(events) {
          await eachThroughMove(events, (tenant, some) => of(tenant).jobs.work.addEvents(some));
        },
        async sweep({ presumedLost, ...rest }) {
          const found = await gather(async (storage, isHere) => {
            const swept = await storage.jobs.work.sweep({ ...rest, presumedLost: presumedLost.filter(isHere) });
            return { ...swept, implausible: swept.implausible.filter(isHere) };
          });
          const due = found.flatMap(({ nextDueAt }) => nextDueAt ?? []);
          return {
            takenOver: found.flatMap(({ takenOver }) => takenOver),
            due: sum(found.map((one) => one.due)),
            nextDueAt: due.length === 0 ? undefined : Math.min(...due),
            implausible: found.flatMap(({ implausible }) => implausible),
          };
        },
        async expire(now, retention) {
          // Whoever asks goes on as long as it is the most: it is, of one of them.
          return Math.max(...(await gather((storage) => storage.jobs.work.expire(now, retention))));
        },
        async vacuum() {
          await gather((storage) => storage.jobs.work.vacuum());
        },
        tellChanged: (tenantId, ids) => of({ tenantId }).jobs.work.tellChanged(tenantId, ids),
        listen: (onHint) => listenAtAll((storage) => storage.jobs.work.listen(onHint)),
        saveWorker: jobs.work.saveWorker,
        deleteWorker: jobs.work.deleteWorker,
        workers: jobs.work.workers,
      },
    }),
    models: route('models'),
    prices: route('prices'),
    budgets: route('budgets'),
    recommendations: route('recommendations'),
    thresholds: route('thresholds'),
    tokenKeys: homeStorage.tokenKeys,
    users: route('users', {
      invited: (token) =>
        whoKnows(
          (storage) => storage.users.invited(token),
          ({ tenant }) => tenant,
        ),
      async join(token, person) {
        for (const { name, storage } of all) {
          const invited = await storage.users.invited(token);
          if (invited === undefined || !isIn(name)(invited.tenant)) continue;
          await ensureAccount(storage, { ...person, email: invited.email });
          return storage.users.join(token, person);
        }
        return undefined;
      },
      async account(email) {
        const account = await homeStorage.users.account(email);
        if (account === undefined) return undefined;
        const tenants = await gatherRows(
          async (storage) => (await storage.users.account(email))?.tenants ?? [],
          ({ tenant }) => tenant,
        );
        return { ...account, tenants: tenants.toSorted((a, b) => a.tenant.tenantId - b.tenant.tenantId) };
      },
    }),
    accounts: homeStorage.accounts,
    admissions: {
      invitationsOf: (email) =>
        gatherRows(
          (storage) => storage.admissions.invitationsOf(email),
          ({ tenant }) => tenant,
        ),
      async admit(scope, person, invitation) {
        const storage = of(scope);
        await ensureAccount(storage, { ...person, passwordHash: null });
        return storage.admissions.admit(scope, person, invitation);
      },
    },
    moves: {
      ...moves,
      async recover(options = {}) {
        const { alsoClosed = performance.now() - closedLookedAt >= closedEveryMs } = options;
        if (!alsoClosed && !places.anyMoves()) return [];
        if (alsoClosed) closedLookedAt = performance.now();
        return moves.recover({ ...options, alsoClosed });
      },
    },
    placeOf: (scope) => places.of(scope),
    connection,
    async ping() {
      await homeStorage.ping();
    },
    async health(now) {
      const found = await gather((storage) => storage.health(now));
      return {
        fsync: found.every(({ fsync }) => fsync),
        fullPageWrites: found.every(({ fullPageWrites }) => fullPageWrites),
        skewMs: found.reduce((most, { skewMs }) => (Math.abs(skewMs) > Math.abs(most) ? skewMs : most), 0),
        oldestBatchMs: Math.max(...found.map(({ oldestBatchMs }) => oldestBatchMs)),
        missingPartitions: [...new Set(found.flatMap(({ missingPartitions }) => missingPartitions))],
      };
    },
    backup: () => Promise.reject(oneByOne('backup')),
    restore: () => Promise.reject(oneByOne('restore')),
    distribute: () => Promise.reject(oneByOne('migrate --distribute')),
    tables: homeStorage.tables,
    async ensurePartitions(now) {
      await gather((storage) => storage.ensurePartitions(now));
    },
    dropExpired: async (now, retention) => sum(await gather((storage) => storage.dropExpired(now, retention))),
    dropOldAlerts: async (now, retention) => sum(await gather((storage) => storage.dropOldAlerts(now, retention))),
    createCompactor: homeStorage.createCompactor,
    startCompaction(options) {
      const backlog = new Map<string, number>();
      const threads = all.map(({ name, storage }) =>
        storage.startCompaction({
          ...options,
          onRound(stats) {
            backlog.set(name, stats.hoursLeft);
            options.onRound?.({ ...stats, hoursLeft: sum([...backlog.values()]) });
          },
        }),
      );
      return {
        async stop() {
          await Promise.all(threads.map((thread) => thread.stop()));
        },
      };
    },
    async close() {
      await places.close();
      await Promise.all(all.map(({ storage }) => storage.close()));
    },
  };

  /** The same, with the answers in the order of the questions. */
  async function inOrder<T, R>(
    things: readonly T[],
    scopeOf: (thing: T) => OfTenant,
    ask: (storage: Storage, some: readonly T[]) => Promise<readonly R[]>,
  ): Promise<R[]> {
    const numbered = things.map((thing, at) => ({ thing, at }));
    const answers = await inGroups(
      numbered,
      ({ thing }) => scopeOf(thing),
      async (storage, some) => {
        const found = await ask(
          storage,
          some.map(({ thing }) => thing),
        );
        return some.flatMap(({ at }, index) => (index < found.length ? [{ at, answer: found[index] as R }] : []));
      },
    );
    return answers.toSorted((a, b) => a.at - b.at).map(({ answer }) => answer);
  }
}

async function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not answered for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function oneByOne(command: string): TarsierError {
  return new TarsierError(
    'storage/divided',
    `${command} is of one database: run it for each, with its URL as DATABASE_URL and without TARSIER_DATABASES`,
  );
}
