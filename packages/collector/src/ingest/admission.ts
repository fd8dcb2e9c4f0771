import { TarsierError, type BatchEnvelope, type SampleMatrix, type UnixMs } from '@tarsier/protocol';

export interface AdmissionLimits {
  /** Oldest sample that is accepted, ms before now. */
  readonly maxAgeMs: number;
  /** Newest sample that is accepted, ms after now: clocks differ, but not that much. */
  readonly maxFutureMs: number;
  /** Longest span of one batch, ms. */
  readonly maxSpanMs: number;
}

/**
 * Refuses what must not be stored although it is well formed.
 *
 * @param width  series of the batch's schema
 * @throws {TarsierError} `ingest/envelope`, `ingest/width`, `ingest/span`, `ingest/too-late`, `ingest/in-future`
 */
export function admit(
  batch: BatchEnvelope,
  { times, width }: SampleMatrix,
  schemaWidth: number,
  { maxAgeMs, maxFutureMs, maxSpanMs }: AdmissionLimits,
  now: UnixMs,
): void {
  const first = times[0] ?? 0;
  const last = times[times.length - 1] ?? 0;
  if (times.length !== batch.rows || first !== batch.t0 || last !== batch.t1) {
    throw refused(
      'ingest/envelope',
      'rows',
      `rows, t0, t1: expected what the columns say (${times.length}, ${first}, ${last}), got ${batch.rows}, ${batch.t0}, ${batch.t1}`,
    );
  }
  if (width !== schemaWidth) {
    throw refused(
      'ingest/width',
      'columns',
      `columns: expected ${schemaWidth}, one per series of the schema, got ${width}`,
    );
  }
  if (last - first > maxSpanMs) {
    throw refused(
      'ingest/span',
      'times',
      `times: expected at most ${maxSpanMs / 1000} s in a batch, got ${(last - first) / 1000} s`,
    );
  }
  if (first < now - maxAgeMs) {
    throw refused('ingest/too-late', 'times', `times[0]: expected ${iso(now - maxAgeMs)} or later, got ${iso(first)}`);
  }
  if (last > now + maxFutureMs) {
    throw refused(
      'ingest/in-future',
      'times',
      `times[${times.length - 1}]: expected ${iso(now + maxFutureMs)} or earlier, got ${iso(last)}; are the clocks set?`,
    );
  }
}

function refused(code: string, field: string, message: string): TarsierError {
  return new TarsierError(code, message, { field });
}

function iso(time: UnixMs): string {
  return new Date(time).toISOString();
}
