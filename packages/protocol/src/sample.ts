/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMs = number;

/** The samples of one series: `times[i]` goes with `values[i]`. Times ascend; equally long. */
export interface SeriesColumn {
  readonly times: Float64Array;
  readonly values: Float64Array;
}
