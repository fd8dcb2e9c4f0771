import { randomUUID } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import {
  newInhibitionSchema,
  newOverrideSchema,
  newRotationSchema,
  newRouteSchema,
  newSilenceSchema,
  type Inhibition,
  type NewInhibition,
  type NewOverride,
  type NewRotation,
  type NewRoute,
  type NewSilence,
  type Override,
  type Rotation,
  type Route,
  type Silence,
} from '@tarsier/protocol/api';
import type { z } from 'zod';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { createForeignSilences, foreignSilenceKind, type ForeignSilences } from './foreign-silences.ts';
import { alertPolicy } from './schema.ts';

/** What people decide about alerts, of one kind. */
export interface PolicyStore<New, Stored> {
  /** Oldest first. */
  list(scope: TenantScope): Promise<readonly Stored[]>;
  create(scope: TenantScope, policy: New): Promise<Stored>;
  /** @returns undefined when there is none of that id */
  replace(scope: TenantScope, id: string, policy: New): Promise<Stored | undefined>;
  /** @returns whether there was one */
  delete(scope: TenantScope, id: string): Promise<boolean>;
}

export interface AllPolicies {
  readonly routes: readonly Route[];
  readonly silences: readonly Silence[];
  readonly inhibitions: readonly Inhibition[];
  readonly rotations: readonly Rotation[];
  readonly overrides: readonly Override[];
}

export interface AlertPolicies {
  readonly routes: PolicyStore<NewRoute, Route>;
  readonly silences: PolicyStore<NewSilence, Silence>;
  readonly inhibitions: PolicyStore<NewInhibition, Inhibition>;
  readonly rotations: PolicyStore<NewRotation, Rotation>;
  readonly overrides: PolicyStore<NewOverride, Override>;
  readonly foreignSilences: ForeignSilences;
  /** All of these but those of elsewhere, the oldest of each kind first: in one statement. */
  all(scope: TenantScope): Promise<AllPolicies>;
  /**
   * Something that is another once any rule, channel or policy of the tenant is: by it one statement tells of which
   * tenants these have to be read anew.
   */
  marks(scope?: TenantScope): Promise<ReadonlyMap<number, string>>;
}

interface StoredPolicy {
  readonly id: string;
  readonly body: unknown;
}

export function createAlertPolicies(database: Database, now: () => number): AlertPolicies {
  return {
    routes: createStore<NewRoute>(database, 'route', newRouteSchema, now),
    silences: createStore<NewSilence>(database, 'silence', newSilenceSchema, now),
    inhibitions: createStore<NewInhibition>(database, 'inhibition', newInhibitionSchema, now),
    rotations: createStore<NewRotation>(database, 'rotation', newRotationSchema, now),
    overrides: createStore<NewOverride>(database, 'override', newOverrideSchema, now),
    foreignSilences: createForeignSilences(database, now),
    async all(scope) {
      const rows = await database.run(
        scope,
        (sql) => sql<(StoredPolicy & { readonly kind: string })[]>`
        select kind, id, body from alert_policy
        where tenant_id = ${scope.tenantId} and kind <> ${foreignSilenceKind} order by created_at, id`,
      );
      const of = <New extends object>(wanted: string, schema: z.ZodType<New>) =>
        rows.flatMap(({ kind, id, body }) => (kind === wanted ? { ...schema.parse(body), id } : []));
      return {
        routes: of('route', newRouteSchema),
        silences: of('silence', newSilenceSchema),
        inhibitions: of('inhibition', newInhibitionSchema),
        rotations: of('rotation', newRotationSchema),
        overrides: of('override', newOverrideSchema),
      };
    },
    async marks(scope) {
      const { sql } = database.system;
      const of = scope === undefined ? sql`` : sql`where tenant_id = ${scope.tenantId}`;
      // A row that is written has the number of the transaction that wrote it.
      const rows = await sql<{ tenant_id: number; mark: string }[]>`
        select tenant_id, sum(hashtextextended(kind || id || version, 0))::text as mark from (
          select tenant_id, 'rule' as kind, id, xmin::text as version from rule ${of}
          union all select tenant_id, 'channel', id, xmin::text from channel ${of}
          union all select tenant_id, kind, id, xmin::text from alert_policy ${of}
        ) as stored group by 1`;
      return new Map(rows.map(({ tenant_id, mark }) => [tenant_id, mark]));
    },
  };
}

function createStore<New extends object>(
  { within, run }: Database,
  kind: string,
  schema: z.ZodType<New>,
  now: () => number,
): PolicyStore<New, New & { readonly id: string }> {
  const one = ({ tenantId }: TenantScope, id: string) =>
    and(eq(alertPolicy.tenantId, tenantId), eq(alertPolicy.kind, kind), eq(alertPolicy.id, id));
  return {
    async list(scope) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<StoredPolicy[]>`
        select id, body from alert_policy where tenant_id = ${tenantId} and kind = ${kind} order by created_at, id`,
      );
      return rows.map(({ id, body }) => ({ ...schema.parse(body), id }));
    },
    async create(scope, body) {
      const { tenantId } = scope;
      const id = randomUUID();
      await within(scope, (tx) => tx.insert(alertPolicy).values({ tenantId, kind, id, body, createdAt: now() }));
      return { ...body, id };
    },
    async replace(scope, id, body) {
      const changed = await within(scope, (tx) =>
        tx.update(alertPolicy).set({ body }).where(one(scope, id)).returning({ id: alertPolicy.id }),
      );
      return changed.length > 0 ? { ...body, id } : undefined;
    },
    async delete(scope, id) {
      const gone = await within(scope, (tx) =>
        tx.delete(alertPolicy).where(one(scope, id)).returning({ id: alertPolicy.id }),
      );
      return gone.length > 0;
    },
  };
}
