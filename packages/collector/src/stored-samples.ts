import type { SampleMatrix } from '@tarsier/protocol';
import type { RegisteredSchema } from './storage/series-catalog.ts';

/** One batch that was committed for the first time, decoded: what live windows, detection and rules feed on. */
export interface StoredSamples {
  /** Whose, from which host, and which series each column is. */
  readonly schema: RegisteredSchema;
  readonly epoch: number;
  readonly seq: number;
  readonly matrix: SampleMatrix;
}

/** Called after the commit, once per batch. Must not throw for bad data, and must not block. */
export type SamplesConsumer = (stored: StoredSamples) => void;
