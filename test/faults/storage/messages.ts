/** What storage-kills.ts and program.ts tell each other, by structured clone: NaN keeps its bits. */
import type { SeriesColumn } from '../../../packages/protocol/src/sample.ts';
import type { Rollup } from '../../../packages/protocol/src/chunk/rollup.ts';
import type { PlainBatch } from '../../../packages/collector/src/storage/compaction/testing.ts';

export const retention = { samples: 1, minutes: 1000, hours: 1000 } as const;

export type Order = { readonly id: number } & (
  | { readonly kind: 'put'; readonly batches: readonly PlainBatch[] }
  | { readonly kind: 'delete'; readonly host: string }
  /** Time goes on, and what is too old goes. */
  | { readonly kind: 'advance'; readonly now: number }
  | { readonly kind: 'read' }
);

export interface StoredSeries {
  readonly key: string;
  readonly kind: string;
  readonly samples: SeriesColumn | undefined;
  readonly minutes: Rollup | undefined;
}

/** Of an order; with id 0 what the program did by itself. */
export interface Answer {
  readonly id: number;
  readonly result?: readonly StoredSeries[];
  readonly error?: string;
  readonly did?: { readonly sealedHours: number; readonly flushed: number; readonly dropped: number };
}
