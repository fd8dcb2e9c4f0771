import type { SeriesColumn, UnixMs } from '@tarsier/protocol';
import type { Matcher } from '../storage/series-catalog.ts';
import type { SampleRoom } from '../sample-room.ts';
import type { TenantScope } from '../tenant.ts';
import type { RolledUp } from './evaluate/value.ts';
import type { LabelSet } from './label-set.ts';

/** Which samples an evaluation wants. */
export interface SelectRequest {
  readonly matchers: readonly Matcher[];
  /** Both included. */
  readonly from: UnixMs;
  readonly to: UnixMs;
  /** What the samples are for: may be used to read less, and may be ignored. */
  readonly hints: SelectHints;
  /** Most that the query may still read. */
  readonly limits?: { readonly series: number; readonly samples: number };
  /** Where samples may be put: it is closed once the query is answered. */
  readonly room?: SampleRoom;
}

export interface SelectHints {
  /** Between two looks at the samples, ms; 0 for a single look. */
  readonly stepMs: number;
  /** How far each look goes back, ms; undefined where only the newest sample counts. */
  readonly rangeMs: number | undefined;
  /** The function around the range: `rate`, `max_over_time`. */
  readonly call: string | undefined;
}

export interface StoredSeries {
  readonly labels: LabelSet;
  /** Times ascend; a staleness marker is a value with its very bits. */
  readonly column: SeriesColumn;
  /** What stands for samples where the hints allow it; then the column's times are the ends of its buckets. */
  readonly rolledUp?: RolledUp;
  /** How far apart samples or buckets may lie where they are all that is left: looks go back as far. */
  readonly spacingMs?: number;
}

/** What a bucket takes in memory, in samples. */
export const samplesPerBucket = 6;

/** Samples that a series takes the room of. */
export function sizeOf({ column, rolledUp }: StoredSeries): number {
  return column.times.length * (rolledUp === undefined ? 1 : samplesPerBucket);
}

/** The evaluator's only door to samples. */
export interface SeriesReader {
  /**
   * Each series once. Those without a sample in the range may be left out.
   *
   * @throws {TarsierError} `query/…` where it is more than the reader's limits
   */
  select(scope: TenantScope, request: SelectRequest, signal?: AbortSignal): Promise<readonly StoredSeries[]>;
}
