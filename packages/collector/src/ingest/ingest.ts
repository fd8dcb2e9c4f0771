/** Takes an agent's batch: decode, admit, commit, hand on. Answers after the commit, never before. */
import {
  type BatchEnvelope,
  countSamples,
  decodeEnvelope,
  decodePayload,
  describeError,
  type SampleMatrix,
  TarsierError,
  type UnixMs,
} from '@tarsier/protocol';
import { schemaHash, zstdDecompress } from '@tarsier/protocol/zstd';
import { atMost } from '../at-most.ts';
import type { Log } from '../log.ts';
import { maxBatchSpanMs, mayBePutTogether, type BatchKey, type NewBatch } from '../storage/batches.ts';
import { movingError } from '../storage/divided/closed.ts';
import type { RegisteredSchema } from '../storage/series-catalog.ts';
import type { Storage } from '../storage/storage.ts';
import type { SamplesConsumer, StoredSamples } from '../stored-samples.ts';
import { noHost } from '../no-host.ts';
import { requireOwnHost } from '../own-host.ts';
import type { TenantScope } from '../tenant.ts';
import { admit, type AdmissionLimits } from './admission.ts';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';

export interface Accepted {
  /** Stored before: nothing changed. */
  readonly duplicate: boolean;
  /** How many seconds of samples the agent should send at a time from now on. */
  readonly flushIntervalS: number;
  readonly samples: number;
  readonly host: string;
}

export interface Ingest {
  /**
   * Resolves when the batch is committed.
   *
   * @throws {TarsierError} `batch/…` and `ingest/…`; `ingest/schema-unknown` asks for the schema; `auth/host`, and what
   *   {@link Sender.admit} throws
   */
  accept(scope: TenantScope, body: Uint8Array, sender?: Sender): Promise<Accepted>;
  /**
   * As {@link Ingest.accept}, of a batch that was made here of what came through another door: with its schema.
   *
   * @param maxAgeMs  as of other batches unless given
   */
  acceptMade(scope: TenantScope, batch: BatchEnvelope, matrix: SampleMatrix, maxAgeMs?: number): Promise<Accepted>;
  /** Samples of the tenant came and are not looked at, of that host where it is known. */
  refused(scope: TenantScope, host: string | undefined): void;
  /** Hands the stored batches of tenants since then to those readers, or to all, as if they had just come. */
  replay(scopes: readonly TenantScope[], since: UnixMs, readers?: readonly SamplesConsumer[]): Promise<void>;
  /** The same of single batches; those that are batches no more are left out. */
  handOn(scope: TenantScope, keys: readonly BatchKey[], readers: readonly SamplesConsumer[]): Promise<void>;
  /** Resolves when all that was accepted is committed. */
  close(): Promise<void>;
}

interface PerDatabase {
  readonly commits: GroupCommit;
  readonly replays: ReturnType<typeof atMost>;
}

/** Who ships, and how much that one may. */
export interface Sender {
  /** The only host that it may ship for; any unless given. */
  readonly host?: string | undefined;
  /** Called once it is known how many samples there are, before anything is stored. Throws where that is too much. */
  readonly admit?: (samples: number) => Promise<void>;
}

export interface IngestDeps {
  readonly storage: Pick<Storage, 'batches' | 'hosts' | 'placeOf' | 'samples' | 'series' | 'tenants'>;
  /** In this order, after the commit. */
  readonly consumers: readonly SamplesConsumer[];
  /** Those that {@link Ingest.replay} feeds; all of them unless given. */
  readonly replayConsumers?: readonly SamplesConsumer[];
  /**
   * A batch came that was stored before: whoever stored it, here or elsewhere, may have been broken off between the
   * commit and handing it on.
   */
  readonly onKnown?: SamplesConsumer;
  readonly limits?: Partial<AdmissionLimits>;
  /** A host's batch came and could not be stored; it is sent again. Undefined: of some host of the tenant. */
  readonly onRefused?: (scope: TenantScope, host: string | undefined) => void;
  /** Whether there is room for one more host, unless it is known. Throws where there is none. */
  readonly admitHost?: (scope: TenantScope, isKnown: () => Promise<boolean>) => Promise<void>;
  /** Whether somebody looks at the host now. */
  readonly watched: (scope: TenantScope, host: string) => boolean;
  readonly log: Log;
  readonly now?: () => UnixMs;
}

/** Newest sample that is accepted, ms after now. */
export const maxFutureMs = 300_000;
const defaultLimits: AdmissionLimits = { maxAgeMs: 86_400_000, maxFutureMs, maxSpanMs: maxBatchSpanMs };
const flushIntervalS = { watched: 1, otherwise: 10 } as const;
const refusedEveryMs = 1_000;
/** Each holds one of the four connections for reading until it ends: a take-over of many tenants must leave some for questions. */
const maxReplays = 2;
/** Schemas kept in memory; one is a few kilobytes. */
const maxCachedSchemas = 20_000;

export function createIngest({
  storage,
  consumers,
  replayConsumers = consumers,
  onKnown = () => {},
  limits,
  onRefused = () => {},
  admitHost = async () => {},
  watched,
  log,
  now = Date.now,
}: IngestDeps): Ingest {
  const admission = { ...defaultLimits, ...limits };
  const schemas = new Map<string, RegisteredSchema>();
  /** One that is slow or away must not keep the others' batches. */
  const databases = new Map<string, PerDatabase>();
  /** By tenant, when it was last told that something of it was refused. */
  const refusedAt = new Map<number, UnixMs>();

  function databaseOf(scope: TenantScope): PerDatabase {
    const place = storage.placeOf(scope);
    let database = databases.get(place);
    if (database === undefined) {
      database = {
        commits: createGroupCommit({
          insert: (batches) => storage.batches.insert(batches),
          isLate: (batch) => mayBePutTogether(batch, now()),
        }),
        replays: atMost(maxReplays),
      };
      databases.set(place, database);
    }
    return database;
  }

  function remember(schema: RegisteredSchema): RegisteredSchema {
    if (schemas.size >= maxCachedSchemas) {
      const [oldest] = schemas.keys();
      if (oldest !== undefined) schemas.delete(oldest);
    }
    schemas.set(schemaKey(schema.scope, schema.host, schema.hash), schema);
    return schema;
  }

  async function schemaOf(scope: TenantScope, batch: BatchEnvelope, agent: boolean): Promise<RegisteredSchema> {
    const cached = schemas.get(schemaKey(scope, batch.host, batch.schemaHash));
    if (cached !== undefined && (cached.agent || !agent)) return cached;
    const known = cached ?? (await retryable(() => storage.series.schemaOf(scope, batch.host, batch.schemaHash)));
    if (known !== undefined) {
      return remember(agent && !known.agent ? await retryable(() => storage.series.sentByAgent(known)) : known);
    }
    const { schema: bytes } = batch;
    if (bytes === undefined) {
      throw new TarsierError(
        'ingest/schema-unknown',
        `schema ${hex(batch.schemaHash)} of host ${batch.host} is not known here; send it with the batch`,
      );
    }
    if (Buffer.compare(schemaHash(bytes), batch.schemaHash) !== 0) {
      throw new TarsierError(
        'ingest/schema-hash',
        `schemaHash: expected ${hex(schemaHash(bytes))}, as the schema has, got ${hex(batch.schemaHash)}`,
        {
          field: 'schemaHash',
        },
      );
    }
    await retryable(async () => {
      if (batch.host !== noHost) await admitHost(scope, () => storage.hosts.has(scope, batch.host));
    });
    return remember(await retryable(() => storage.series.register(scope, batch.host, batch.schemaHash, bytes, agent)));
  }

  function handOn(stored: StoredSamples, readers: readonly SamplesConsumer[]): void {
    // The readers watch hosts. What rules record was made of what they have seen.
    if (stored.schema.host === noHost) return;
    for (const consume of readers) {
      try {
        consume(stored);
      } catch (error) {
        // The samples are safe; what one reader makes of them must not fail the agent or the other readers.
        log.error('a reader of stored samples failed', { host: stored.schema.host, error: describeError(error) });
      }
    }
  }

  async function store(
    scope: TenantScope,
    batch: BatchEnvelope,
    matrix: SampleMatrix,
    { maxAgeMs = admission.maxAgeMs, agent = false }: { readonly maxAgeMs?: number; readonly agent?: boolean } = {},
  ): Promise<Accepted> {
    const schema = await schemaOf(scope, batch, agent);
    admit(batch, matrix, schema.seriesIds.length, { ...admission, maxAgeMs }, now());
    const { epoch, seq, t0, t1, rows, payload } = batch;
    const made: NewBatch = {
      scope,
      hostId: schema.hostId,
      epoch,
      seq,
      t0,
      t1,
      rows,
      schemaHash: schema.hash,
      payload,
      samples: agent ? countSamples(matrix) : undefined,
    };
    const inserted = await databaseOf(scope).commits.commit(made);
    if (inserted === 'unknown-host') {
      // Deleted since its schema was looked up: it comes in as a new one, when the batch says what its columns are.
      schemas.delete(schemaKey(scope, batch.host, batch.schemaHash));
      return store(scope, batch, matrix, { maxAgeMs, agent });
    }
    if (inserted === 'moving') throw movingError();
    const isNew = inserted === 'new';
    handOn({ schema, epoch, seq, matrix }, isNew ? consumers : [onKnown]);
    return {
      duplicate: !isNew,
      flushIntervalS: watched(scope, batch.host) ? flushIntervalS.watched : flushIntervalS.otherwise,
      samples: matrix.values.length,
      host: batch.host,
    };
  }

  /** What is known of the hosts of a tenant, read once for each. */
  function schemasOf(scope: TenantScope) {
    const hosts = new Map<number, Map<string, RegisteredSchema>>();
    return async (hostId: number, hash: Uint8Array): Promise<RegisteredSchema | undefined> => {
      let known = hosts.get(hostId);
      if (known === undefined) {
        const list = await storage.series.schemasOfHost(scope, hostId);
        known = new Map(list.map((schema) => [hex(schema.hash), schema]));
        hosts.set(hostId, known);
      }
      return known.get(hex(hash));
    };
  }

  async function replay(scope: TenantScope, since: UnixMs, readers: readonly SamplesConsumer[]): Promise<void> {
    const schemaOf = schemasOf(scope);
    for await (const { hostId, schemaHash, epoch, seq, matrix } of storage.samples.recent(scope, since)) {
      const schema = await schemaOf(hostId, schemaHash);
      if (schema !== undefined) handOn({ schema: remember(schema), epoch, seq, matrix }, readers);
    }
  }

  async function storeOrRefuse(...[scope, batch, ...rest]: Parameters<typeof store>): Promise<Accepted> {
    try {
      return await store(scope, batch, ...rest);
    } catch (error) {
      if (error instanceof TarsierError && error.retryable && error.code !== 'ingest/schema-unknown') {
        onRefused(scope, batch.host);
      }
      throw error;
    }
  }

  return {
    async accept(scope, body, { host: onlyHost, admit: admitSamples = async () => {} } = {}) {
      const batch = decodeEnvelope(body);
      requireOwnHost(onlyHost, batch.host);
      // Columns are read before anything is stored: what can't be read back must not be kept.
      const matrix = decodePayload(batch.payload, zstdDecompress);
      await admitSamples(matrix.values.length).catch((error: unknown) => {
        onRefused(scope, batch.host);
        throw error;
      });
      return storeOrRefuse(scope, batch, matrix, { agent: true });
    },

    refused(scope, host) {
      // Where too much comes they are many, and each may be of any of many hosts.
      const isTold = host === undefined && Math.abs(now() - (refusedAt.get(scope.tenantId) ?? 0)) < refusedEveryMs;
      if (isTold) return;
      if (host === undefined) refusedAt.set(scope.tenantId, now());
      onRefused(scope, host);
    },

    acceptMade: (scope, batch, matrix, maxAgeMs) =>
      storeOrRefuse(scope, batch, matrix, maxAgeMs === undefined ? {} : { maxAgeMs }),

    async replay(scopes, since, readers = replayConsumers) {
      for (const scope of scopes) await databaseOf(scope).replays(() => replay(scope, since, readers));
    },

    async handOn(scope, keys, readers) {
      const schemaOf = schemasOf(scope);
      for (const { hostId, schemaHash, epoch, seq, payload } of await storage.batches.read(scope, keys)) {
        const schema = await schemaOf(hostId, schemaHash);
        const matrix = decodePayload(payload, zstdDecompress);
        if (schema !== undefined) handOn({ schema: remember(schema), epoch, seq, matrix }, readers);
      }
    },

    async close() {
      await Promise.all(Array.from(databases.values(), ({ commits }) => commits.drain()));
    },
  };
}

function schemaKey({ tenantId }: TenantScope, host: string, hash: Uint8Array): string {
  return `${tenantId}/${hex(hash)}/${host}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** The database being away is no fault of the batch. */
async function retryable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof TarsierError) throw cause;
    throw new TarsierError('ingest/database', 'the batch could not be stored; send it again', {
      cause,
      retryable: true,
    });
  }
}
