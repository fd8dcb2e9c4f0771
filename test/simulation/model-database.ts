/**
 * What a simulated collector has in place of PostgreSQL: transactions are whole or not at all, leases and fences are
 * those of `storage/leases.ts`, statements take their time and overtake each other, connections break before a commit
 * and after it, and what is told over the bus comes late, or not at all.
 */
import {
  decodePayload,
  decodeSchema,
  seriesSignature,
  TarsierError,
  type Alert,
  type Decision,
  type Incident,
} from '@tarsier/protocol';
import type { Channel, Route, Rule } from '@tarsier/protocol/api';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import { maxBatchSpanMs, type NewBatch } from '../../packages/collector/src/storage/batches.ts';
import type { DecidedAlert, NewNotification } from '../../packages/collector/src/storage/incidents.ts';
import type { RegisteredSchema } from '../../packages/collector/src/storage/series-catalog.ts';
import type { Storage } from '../../packages/collector/src/storage/storage.ts';
import type { TenantScope } from '../../packages/collector/src/tenant.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The parts of storage that take samples in and decide of them. */
export interface ModelStorage {
  readonly batches: Pick<Storage['batches'], 'insert' | 'read' | 'keysSince'>;
  readonly hosts: Pick<Storage['hosts'], 'has'>;
  readonly series: Pick<Storage['series'], 'schemaOf' | 'register' | 'sentByAgent' | 'schemasOfHost'>;
  readonly samples: Pick<Storage['samples'], 'recent'>;
  readonly tenants: Pick<Storage['tenants'], 'withHosts'>;
  readonly rules: Pick<Storage['rules'], 'list'>;
  readonly alerts: Pick<Storage['alerts'], 'save' | 'delete' | 'open' | 'overSince'>;
  readonly alertPolicies: {
    readonly all: Storage['alertPolicies']['all'];
    readonly marks: Storage['alertPolicies']['marks'];
    readonly foreignSilences: Pick<Storage['alertPolicies']['foreignSilences'], 'list'>;
  };
  readonly channels: Pick<Storage['channels'], 'list'>;
  readonly incidents: Pick<Storage['incidents'], 'save' | 'current' | 'undecided' | 'history' | 'find'>;
  readonly notifications: Pick<Storage['notifications'], 'recent'>;
  readonly leases: Storage['leases'];
  readonly bus: Storage['bus'];
  readonly placeOf: Storage['placeOf'];
}

/** A batch that is committed. */
export interface Commit extends NewBatch {
  readonly host: string;
  readonly at: number;
  /** Whether the one that held the tenant's lease committed it, and came to know that it is. */
  own: boolean;
  /** When the one that held the tenant's lease had read it, of those that another committed. */
  readAt: number | undefined;
}

interface TenantRows {
  readonly scope: TenantScope;
  readonly hosts: Map<string, number>;
  readonly series: Map<string, number>;
  readonly schemas: Map<string, RegisteredSchema>;
  readonly alerts: Map<string, AlertRow>;
  readonly incidents: Map<string, Incident>;
  readonly decisions: Map<string, Decision>;
  readonly notifications: Map<string, NewNotification>;
  readonly takeOvers: number[];
  lease: { readonly holder: Life; readonly term: number; readonly expiresAt: number } | undefined;
}

interface AlertRow {
  readonly alert: Alert;
  /** When it was first there. */
  readonly at: number;
  readonly mark?: DecidedAlert;
}

interface ModelDatabase {
  readonly commits: readonly Commit[];
  alerts(scope: TenantScope): readonly { readonly alert: Alert; readonly at: number }[];
  incidents(scope: TenantScope): readonly Incident[];
  notifications(scope: TenantScope): readonly NewNotification[];
  /** When another came to decide for the tenant. */
  takeOvers(scope: TenantScope): readonly number[];
  /** Statements take so much longer until then. */
  slow(untilMs: number, byMs: number): void;
  /** Until then nobody can be answered. */
  away(untilMs: number): void;
  /** Who holds the tenant's lease. */
  leader(scope: TenantScope): Life | undefined;
  connect(life: Life): ModelStorage;
}

export function createModelDatabase({
  time,
  chance,
  tenants,
  rules,
  route,
  channel,
  breaks,
}: {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly tenants: readonly TenantScope[];
  readonly rules: readonly Rule[];
  readonly route: Route;
  readonly channel: Channel;
  /** Of a thousand statements, and messages over the bus, so many are lost; none once it is calm. */
  readonly breaks: () => number;
}): ModelDatabase {
  const commits: Commit[] = [];
  const names = new Map<string, Commit>();
  const rows = new Map(tenants.map((scope) => [scope.tenantId, emptyRows(scope)]));
  const listeners = new Map<
    Life,
    { readonly onMessage: (message: unknown) => void; readonly onListening: () => void }
  >();
  let [slowUntil, slowBy, awayUntil, nextId] = [0, 0, 0, 1];

  function of({ tenantId }: TenantScope): TenantRows {
    const found = rows.get(tenantId);
    if (found === undefined) throw new Error(`there is no tenant ${tenantId}`);
    return found;
  }

  const wayMs = (): number => chance.between(0, 4) + (time.now() < slowUntil ? chance.number() * slowBy : 0);

  function connect(life: Life): ModelStorage {
    /** The terms of the leases that it holds, as far as it knows; undefined before the first. */
    let terms: ReadonlyMap<number, number> | undefined;

    /** What it read a moment ago, and may need another statement for. */
    let lately: readonly Commit[] = [];

    function breakOff(when: string): never {
      for (const commit of lately) if (time.now() - (commit.readAt ?? 0) < 10_000) commit.readAt = undefined;
      throw new Error(`the connection broke ${when} the commit`);
    }

    async function transaction<T>(work: () => T): Promise<T> {
      await life.pass(wayMs());
      if (time.now() < awayUntil || chance.number() * 1_000 < breaks()) {
        await life.pass(chance.between(0, 2_000));
        breakOff('before');
      }
      const result = work();
      await life.pass(wayMs());
      if (chance.number() * 1_000 < breaks()) breakOff('after');
      return result;
    }

    function fence(scope: TenantScope): void {
      const { lease } = of(scope);
      if (terms === undefined || (lease?.holder === life && lease.term === terms.get(scope.tenantId))) return;
      throw new TarsierError('cluster/lease-lost', 'another decides', { retryable: true });
    }

    const keyOf = ({ scope, hostId, epoch, seq }: Pick<NewBatch, 'scope' | 'hostId' | 'epoch' | 'seq'>): string =>
      `${scope.tenantId}/${hostId}/${epoch}/${seq}`;
    const since = (scope: TenantScope, at: number): readonly Commit[] =>
      commits
        .filter(({ scope: own, t0, t1 }) => own.tenantId === scope.tenantId && t0 >= at - maxBatchSpanMs && t1 >= at)
        .toSorted(inOrder);

    return {
      placeOf: () => 'home',
      batches: {
        async insert(batches) {
          const made: Commit[] = [];
          const inserted = await transaction(() =>
            batches.map((batch) => {
              const key = keyOf(batch);
              if (names.has(key)) return 'known' as const;
              const [host = ''] = [...of(batch.scope).hosts].find(([, id]) => id === batch.hostId) ?? [];
              const commit: Commit = { ...batch, host, at: time.now(), own: false, readAt: undefined };
              names.set(key, commit);
              commits.push(commit);
              made.push(commit);
              return 'new' as const;
            }),
          );
          for (const commit of made) commit.own = of(commit.scope).lease?.holder === life;
          return inserted;
        },
        async read(scope, keys) {
          const found = await transaction(() =>
            keys.flatMap((key) => names.get(keyOf({ scope, ...key })) ?? []).toSorted(inOrder),
          );
          if (of(scope).lease?.holder !== life) return found;
          for (const commit of found) commit.readAt ??= time.now();
          lately = [...lately.slice(-50), ...found];
          return found;
        },
        keysSince: (scope, at) => transaction(() => since(scope, at)),
      },
      hosts: { has: (scope, host) => transaction(() => of(scope).hosts.has(host)) },
      series: {
        schemaOf: (scope, host, hash) =>
          transaction(() => of(scope).schemas.get(`${host}/${Buffer.from(hash).toString('hex')}`)),
        register: (scope, host, hash, bytes, agent = false) =>
          transaction(() => {
            const { hosts, series, schemas } = of(scope);
            const hostId = hosts.get(host) ?? nextId++;
            hosts.set(host, hostId);
            const schema = decodeSchema(bytes);
            const ids = schema.series.map(({ metric, labels }) => {
              const name = `${host}/${seriesSignature({ name: schema.metrics[metric]?.name ?? '', labels })}`;
              const id = series.get(name) ?? nextId++;
              series.set(name, id);
              return id;
            });
            const made = { scope, hostId, host, hash, schema, seriesIds: Int32Array.from(ids), agent };
            schemas.set(`${host}/${Buffer.from(hash).toString('hex')}`, made);
            return made;
          }),
        sentByAgent: (schema) => transaction(() => ({ ...schema, agent: true })),
        schemasOfHost: (scope, hostId) =>
          transaction(() => [...of(scope).schemas.values()].filter((schema) => schema.hostId === hostId)),
      },
      samples: {
        async *recent(scope, at) {
          for (const { hostId, schemaHash, epoch, seq, payload } of await transaction(() => since(scope, at)))
            yield { hostId, schemaHash, epoch, seq, matrix: decodePayload(payload, zstdDecompress) };
        },
      },
      tenants: { withHosts: () => transaction(() => tenants.filter((scope) => of(scope).hosts.size > 0)) },
      rules: { list: () => transaction(() => rules) },
      alerts: {
        save: (scope, alerts) =>
          transaction(() => {
            fence(scope);
            for (const alert of alerts) {
              of(scope).alerts.set(alert.id, { at: time.now(), ...of(scope).alerts.get(alert.id), alert });
            }
          }),
        delete: (scope, ids) =>
          transaction(() => {
            fence(scope);
            for (const id of ids) of(scope).alerts.delete(id);
          }),
        open: (scope) =>
          transaction(() =>
            [...of(scope).alerts.values()].map(({ alert }) => alert).filter(({ state }) => state.kind !== 'resolved'),
          ),
        overSince: (scope, at) =>
          transaction(() =>
            [...of(scope).alerts.values()]
              .map(({ alert }) => alert)
              .filter(({ state }) => state.kind === 'resolved' && state.resolvedAt > at),
          ),
      },
      alertPolicies: {
        all: () =>
          transaction(() => ({ routes: [route], silences: [], inhibitions: [], rotations: [], overrides: [] })),
        marks: () => transaction(() => new Map()),
        foreignSilences: { list: () => transaction(() => []) },
      },
      channels: { list: () => transaction(() => [channel]) },
      incidents: {
        save: (scope, outcome) =>
          transaction(() => {
            fence(scope);
            const { incidents, decisions, alerts, notifications } = of(scope);
            for (const [id, incident] of outcome.incidents) incidents.set(id, incident);
            for (const [id, decision] of outcome.decisions) decisions.set(id, decision);
            for (const [id, mark] of outcome.alerts) {
              const row = alerts.get(id);
              if (row !== undefined) alerts.set(id, { ...row, mark });
            }
            for (const one of outcome.notifications) if (!notifications.has(one.id)) notifications.set(one.id, one);
          }),
        current: (scope, resolvedSince) =>
          transaction(() => {
            const { incidents, alerts, decisions } = of(scope);
            return [...incidents.values()]
              .filter(({ id, status, resolvedAt = 0 }) => {
                const fires = [...alerts.values()].some(
                  ({ mark }) => mark?.incidentId === id && mark.decided === 'firing',
                );
                return status === 'open' || resolvedAt > resolvedSince || fires;
              })
              .map((incident) => ({
                incident,
                alerts: [...alerts.values()].flatMap(({ alert, mark }) => {
                  if (mark?.incidentId !== incident.id) return [];
                  const decision = decisions.get(`${alert.id}/firing`);
                  const { told, decided } = mark;
                  return [{ alert, told, decided, reason: decision?.reason, detail: decision?.detail ?? '' }];
                }),
              }));
          }),
        undecided: (scope) =>
          transaction(() =>
            [...of(scope).alerts.values()]
              .filter(({ alert, mark }) => alert.state.kind !== 'pending' && mark?.decided !== alert.state.kind)
              .map(({ alert }) => alert)
              .toSorted((a, b) => a.state.since - b.state.since || (a.id < b.id ? -1 : 1)),
          ),
        history: () => transaction(() => new Map()),
        find: (scope, id) => transaction(() => of(scope).incidents.get(id)),
      },
      notifications: { recent: () => transaction(() => new Map()) },
      leases: {
        async renew(ttlMs) {
          const held = await transaction(() =>
            tenants.flatMap((scope) => {
              const { lease } = of(scope);
              if (lease !== undefined && lease.holder !== life && lease.expiresAt > time.now()) return [];
              const term = lease === undefined ? 1 : lease.term + Number(lease.holder !== life);
              if (lease?.holder !== life) of(scope).takeOvers.push(time.now());
              of(scope).lease = { holder: life, term, expiresAt: time.now() + ttlMs };
              return [{ scope, term, heldUntil: lease === undefined ? undefined : lease.expiresAt - ttlMs }];
            }),
          );
          terms = new Map(held.map(({ scope, term }) => [scope.tenantId, term]));
          return held;
        },
        give: () => Promise.reject(new Error('no tenant of the simulation is handed over')),
        others: () => Promise.resolve(new Map()),
        async release() {
          terms = new Map();
          await transaction(() => {
            for (const scope of tenants) {
              const { lease } = of(scope);
              if (lease?.holder === life) of(scope).lease = { ...lease, expiresAt: time.now() };
            }
          });
        },
      },
      bus: {
        async tell(message) {
          const text = JSON.stringify(message);
          await transaction(() => {
            for (const [to, { onMessage, onListening }] of listeners) {
              // A connection that broke is made anew; what was told meanwhile is lost.
              const lost = chance.number() * 1_000 < breaks();
              void to.pass(wayMs() + (lost ? chance.between(0, 5_000) : 0)).then(() => {
                if (lost) onListening();
                else onMessage(JSON.parse(text));
              });
            }
          });
        },
        async listen(onMessage, onListening) {
          listeners.set(life, { onMessage, onListening });
          onListening();
          return async () => void listeners.delete(life);
        },
      },
    };
  }

  return {
    commits,
    alerts: (scope) => [...of(scope).alerts.values()],
    incidents: (scope) => [...of(scope).incidents.values()],
    takeOvers: (scope) => of(scope).takeOvers,
    notifications: (scope) => [...of(scope).notifications.values()],
    slow(untilMs, byMs) {
      [slowUntil, slowBy] = [untilMs, byMs];
    },
    away(untilMs) {
      awayUntil = untilMs;
    },
    leader: (scope) => of(scope).lease?.holder,
    connect,
  };
}

function inOrder(a: Commit, b: Commit): number {
  return a.t0 - b.t0 || a.epoch - b.epoch || a.seq - b.seq;
}

function emptyRows(scope: TenantScope): TenantRows {
  return {
    scope,
    hosts: new Map(),
    series: new Map(),
    schemas: new Map(),
    alerts: new Map(),
    incidents: new Map(),
    decisions: new Map(),
    notifications: new Map(),
    takeOvers: [],
    lease: undefined,
  };
}
