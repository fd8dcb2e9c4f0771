import type { SampleMatrix, SeriesColumn, UnixMs } from '@tarsier/protocol';
import type { Rollup } from '@tarsier/protocol/chunk';
import type { TenantScope } from '../../tenant.ts';
import type { WantedHosts } from '../compaction/wanted-hosts.ts';
import type { Database } from '../database.ts';
import type { hourMs, minuteMs } from '../hours.ts';
import type { SeriesRow } from '../series-catalog.ts';
import { hostsWithin } from './hosts-within.ts';
import { readRecent } from './read-recent.ts';
import { readRollups } from './read-rollups.ts';
import { readSamples, type SampleRange, type SampleSource } from './read-samples.ts';
import { createSchemaColumns } from './schema-columns.ts';

/** What is stored, wherever compaction has it at the moment: each sample exactly once. */
export interface Samples {
  /** By series number, in order of time; series without a sample are left out. */
  read(
    scope: TenantScope,
    series: readonly SeriesRow[],
    range: SampleRange,
  ): Promise<ReadonlyMap<number, SeriesColumn>>;
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

export function createSamples({ sql, reads }: Database, wanted: Pick<WantedHosts, 'readBatches'>): Samples {
  const source: SampleSource = { reads, schemas: createSchemaColumns(sql), wanted };
  return {
    read: (scope, series, range) => readSamples(source, scope, series, range),
    hostsWithin: (scope, range) => hostsWithin(reads.sql, scope, range),
    recent: (scope, since) => readRecent(sql, scope, since),
    rollups: (scope, series, width, range) => readRollups(source, scope, series, width, range),
  };
}
