import type { SampleMatrix, SeriesColumn, UnixMs } from '@tarsier/protocol';
import type { Rollup } from '@tarsier/protocol/chunk';
import { remembered } from '../../remembered.ts';
import type { TenantScope } from '../../tenant.ts';
import type { WantedHosts } from '../compaction/wanted-hosts.ts';
import type { Database } from '../database.ts';
import type { hourMs, minuteMs } from '../hours.ts';
import type { SeriesRow } from '../series-catalog.ts';
import type { SeriesState } from '../series-index/series-index.ts';
import { hostsWithin } from './hosts-within.ts';
import { readReach, type Reach } from './reach.ts';
import { readRecent } from './read-recent.ts';
import { readRollups } from './read-rollups.ts';
import { readSamples, readSamplesAsOf, type SampleRange, type SampleSource } from './read-samples.ts';
import { createRowTimes } from './row-times.ts';
import { createSchemaColumns } from './schema-columns.ts';

/** What is stored, wherever compaction has it at the moment: each sample exactly once. */
export interface Samples {
  /** By series number, in order of time; series without a sample are left out. */
  read(
    scope: TenantScope,
    series: readonly SeriesRow[],
    range: SampleRange,
  ): Promise<ReadonlyMap<number, SeriesColumn>>;
  /** The same of series that were known as of a state; undefined where the tenant's series are others by now. */
  readAsOf(
    scope: TenantScope,
    series: readonly SeriesRow[],
    range: SampleRange,
    asOf: SeriesState,
  ): Promise<ReadonlyMap<number, SeriesColumn> | undefined>;
  /**
   * The same by minute or hour, for coarse steps: buckets that end after `from`, up to and including `to`. Counters
   * have their increase and resets.
   */
  rollups(
    scope: TenantScope,
    series: readonly SeriesRow[],
    width: typeof minuteMs | typeof hourMs,
    range: SampleRange,
  ): Promise<ReadonlyMap<number, Rollup>>;
  /** How far back samples and rollups go; up to a minute old. */
  reach(scope: TenantScope): Promise<Reach>;
  /** Says that something expired. */
  expired(): void;
  /** Hosts with samples of that time; undefined when that is all of them. */
  hostsWithin(
    scope: TenantScope,
    range: { readonly from: UnixMs; readonly to: UnixMs },
  ): Promise<ReadonlySet<number> | undefined>;
  /**
   * What a tenant's hosts sent with a tick at or after `since`, whole, by time. Reaches back as far as hours are not
   * sealed, which is longer than a start wants.
   */
  recent(scope: TenantScope, since: UnixMs): AsyncIterable<RecentSamples>;
}

export interface RecentSamples {
  readonly hostId: number;
  readonly schemaHash: Uint8Array;
  readonly epoch: UnixMs;
  readonly seq: number;
  readonly matrix: SampleMatrix;
}

/** How long it may take until it is known that samples expired, ms. */
const reachMs = 60_000;

export function createSamples(
  database: Database,
  wanted: Pick<WantedHosts, 'readBatches'>,
  now: () => UnixMs,
): Samples {
  const { reads } = database;
  const reach = remembered((scope) => readReach(reads, scope), reachMs, now);
  const source: SampleSource = { reads, schemas: createSchemaColumns(database), rowTimes: createRowTimes(), wanted };
  return {
    read: (scope, series, range) => readSamples(source, scope, series, range),
    readAsOf: (scope, series, range, asOf) => readSamplesAsOf(source, scope, series, range, asOf),
    reach: reach.of,
    expired: reach.forget,
    hostsWithin: async (scope, range) => hostsWithin(reads, scope, range, await reach.of(scope)),
    // Apart from what commits: who listens asks for schemas in between, and would wait for connections that others hold.
    recent: (scope, since) => readRecent(reads, scope, since),
    rollups: (scope, series, width, range) => readRollups(source, scope, series, width, range),
  };
}
