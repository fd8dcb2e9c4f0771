/** What jobs have learnt: versions by name, of which one is used. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { Model } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import { tellWithin } from './bus.ts';
import type { Database, TarsierTransaction } from './database.ts';
import { storableJson } from './jobs/storable-json.ts';

export interface NewModel extends Pick<Model, 'name' | 'kind' | 'parameters' | 'metrics' | 'seed' | 'window' | 'code'> {
  readonly jobId: string;
  readonly data: Uint8Array;
}

export interface Models {
  /** The newest version of each name first by name. */
  list(scope: TenantScope): Promise<readonly Model[]>;
  /** Those that are used, of kinds that begin so. */
  used(scope: TenantScope, kind: string): Promise<readonly Model[]>;
  /** Newest first. */
  versions(scope: TenantScope, name: string): Promise<readonly Model[]>;
  /** @param version  absent: the one that is used */
  load(
    scope: TenantScope,
    name: string,
    version?: number,
  ): Promise<{ readonly model: Model; readonly data: Uint8Array } | undefined>;
  /**
   * As the next version of its name. A job that saves again, because its first attempt was lost, has the version that
   * it had. Old versions that nobody uses go.
   *
   * @throws {TarsierError} `models/too-large`, `models/full`
   */
  save(scope: TenantScope, model: NewModel): Promise<Model>;
  /** Makes a version the one that is used. @returns undefined when there is none */
  promote(scope: TenantScope, name: string, version: number): Promise<Model | undefined>;
  /** Goes back to the version that was used before. @returns undefined when there was none */
  rollBack(scope: TenantScope, name: string): Promise<Model | undefined>;
  /** @returns whether there was one; the one that is used stays */
  delete(scope: TenantScope, name: string, version: number): Promise<boolean>;
}

export const modelLimits = {
  /** Of one, bytes. */
  bytes: 16 * 1024 * 1024,
  /** Of all of a tenant. */
  tenantBytes: 256 * 1024 * 1024,
  /** Versions that are kept of a name, besides the one that is used and the one before. */
  versions: 10,
  /** Age at which a version that was never used goes, ms. */
  unusedMs: 90 * 86_400_000,
} as const;

interface ModelRow {
  readonly name: string;
  readonly version: number;
  readonly kind: string;
  readonly body: Pick<Model, 'parameters' | 'metrics' | 'seed' | 'window' | 'code'>;
  readonly created_at: number;
  readonly job_id: string;
  readonly promoted_at: number | null;
  readonly is_promoted: boolean;
  readonly bytes: number;
}

const columns = [
  'name',
  'version',
  'kind',
  'body',
  'created_at',
  'job_id',
  'promoted_at',
  'is_promoted',
] as const satisfies readonly (keyof ModelRow)[];

function modelOf(row: ModelRow): Model {
  return {
    name: row.name,
    version: row.version,
    kind: row.kind,
    ...row.body,
    createdAt: row.created_at,
    jobId: row.job_id,
    isPromoted: row.is_promoted,
    ...(row.promoted_at === null ? {} : { promotedAt: row.promoted_at }),
    bytes: row.bytes,
  };
}

export function createModels({ begin }: Database, now: () => UnixMs): Models {
  async function find(
    tx: TarsierTransaction,
    { tenantId }: TenantScope,
    name: string,
    version: number,
  ): Promise<Model | undefined> {
    const [row] = await tx<ModelRow[]>`
      select ${tx(columns)}, length(data) as bytes from model
      where tenant_id = ${tenantId} and name = ${name} and version = ${version}`;
    return row === undefined ? undefined : modelOf(row);
  }

  /** One change of a tenant's models at a time. */
  const change = <T>(scope: TenantScope, name: string, work: (tx: TarsierTransaction) => Promise<T>): Promise<T> =>
    begin(scope, async (tx) => {
      const { tenantId, tenant } = scope;
      await tx`select 1 from tenant where tenant_id = ${tenantId} for no key update`;
      const done = await work(tx);
      await tellWithin(tx, { kind: 'models', scope: { tenantId, tenant }, name });
      return done;
    });

  async function use(tx: TarsierTransaction, scope: TenantScope, name: string, version: number) {
    const { tenantId } = scope;
    await tx`update model set is_promoted = false where tenant_id = ${tenantId} and name = ${name} and is_promoted`;
    // Later than any before, whatever the clock says: going back goes by it.
    await tx`
      update model set is_promoted = true, promoted_at = greatest(${now()}::bigint, 1 + coalesce((
        select max(promoted_at) from model where tenant_id = ${tenantId} and name = ${name}), 0))
      where tenant_id = ${tenantId} and name = ${name} and version = ${version}`;
    return find(tx, scope, name, version);
  }

  return {
    list: ({ tenantId }) =>
      begin({ tenantId }, async (tx) => {
        const rows = await tx<ModelRow[]>`
          select distinct on (name) ${tx(columns)}, length(data) as bytes from model
          where tenant_id = ${tenantId} order by name, version desc`;
        return rows.map(modelOf);
      }),
    used: ({ tenantId }, kind) =>
      begin({ tenantId }, async (tx) => {
        const rows = await tx<ModelRow[]>`
          select ${tx(columns)}, length(data) as bytes from model
          where tenant_id = ${tenantId} and is_promoted and starts_with(kind, ${kind}) order by name`;
        return rows.map(modelOf);
      }),
    versions: ({ tenantId }, name) =>
      begin({ tenantId }, async (tx) => {
        const rows = await tx<ModelRow[]>`
          select ${tx(columns)}, length(data) as bytes from model
          where tenant_id = ${tenantId} and name = ${name} order by version desc`;
        return rows.map(modelOf);
      }),
    load: ({ tenantId }, name, version) =>
      begin({ tenantId }, async (tx) => {
        const [row] = await tx<(ModelRow & { readonly data: Uint8Array })[]>`
          select ${tx(columns)}, length(data) as bytes, data from model
          where tenant_id = ${tenantId} and name = ${name}
            and ${version === undefined ? tx`is_promoted` : tx`version = ${version}`}`;
        return row === undefined ? undefined : { model: modelOf(row), data: row.data };
      }),
    save(scope, { name, kind, data, jobId, ...body }) {
      if (data.byteLength > modelLimits.bytes) {
        throw new TarsierError(
          'models/too-large',
          `model ${name}: expected at most ${modelLimits.bytes} bytes, got ${data.byteLength}`,
        );
      }
      const { tenantId } = scope;
      return change(scope, name, async (tx) => {
        const [again] = await tx<{ version: number }[]>`
          select version from model where tenant_id = ${tenantId} and name = ${name} and job_id = ${jobId}`;
        if (again !== undefined) {
          const before = await find(tx, scope, name, again.version);
          if (before !== undefined) return before;
        }
        await tx`
          delete from model m where tenant_id = ${tenantId} and not is_promoted and (
            name = ${name} and version <= (
              select max(version) - ${modelLimits.versions} from model where tenant_id = ${tenantId} and name = ${name})
            or promoted_at is null and created_at < ${now() - modelLimits.unusedMs})
            and (promoted_at is null or promoted_at < (
              select max(promoted_at) from model
              where tenant_id = ${tenantId} and name = m.name and not is_promoted))`;
        const [held] = await tx<{ bytes: number; next: number }[]>`
          select coalesce(sum(length(data)), 0)::bigint as bytes,
            1 + coalesce(max(version) filter (where name = ${name}), 0) as next
          from model where tenant_id = ${tenantId}`;
        if ((held?.bytes ?? 0) + data.byteLength > modelLimits.tenantBytes) {
          throw new TarsierError(
            'models/full',
            `model ${name}: the models of a tenant take at most ${modelLimits.tenantBytes} bytes, and ${held?.bytes} are taken; delete old versions`,
          );
        }
        const version = held?.next ?? 1;
        await tx`
          insert into model (tenant_id, name, version, kind, body, data, created_at, job_id)
          values (${tenantId}, ${name}, ${version}, ${kind}, ${storableJson(body)}::text::jsonb,
            ${Buffer.from(data)}, ${now()}, ${jobId})`;
        const saved = await find(tx, scope, name, version);
        if (saved === undefined) throw new Error(`model ${name} vanished while it was saved`);
        return saved;
      });
    },
    promote: (scope, name, version) => change(scope, name, (tx) => use(tx, scope, name, version)),
    rollBack: (scope, name) =>
      change(scope, name, async (tx) => {
        const { tenantId } = scope;
        const [before] = await tx<{ version: number }[]>`
          select version from model
          where tenant_id = ${tenantId} and name = ${name} and not is_promoted and promoted_at is not null
          order by promoted_at desc limit 1`;
        if (before === undefined) return undefined;
        // What did not hold is not gone back to by the next one.
        await tx`
          update model set promoted_at = null where tenant_id = ${tenantId} and name = ${name} and is_promoted`;
        return use(tx, scope, name, before.version);
      }),
    delete: (scope, name, version) =>
      change(scope, name, async (tx) => {
        const gone = await tx`
          delete from model
          where tenant_id = ${scope.tenantId} and name = ${name} and version = ${version} and not is_promoted`;
        return gone.count > 0;
      }),
  };
}
