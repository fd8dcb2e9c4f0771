import { TarsierError } from '@tarsier/protocol';

/** A tenant would have more series than it may. */
export class TooManySeriesError extends TarsierError {
  /** Positions in the schema of the series that there is no room for; with the others it would have been taken. */
  readonly refused: readonly number[];

  constructor(message: string, refused: readonly number[]) {
    super('ingest/too-many-series', message, { field: 'series', retryable: true });
    this.refused = refused;
  }
}
