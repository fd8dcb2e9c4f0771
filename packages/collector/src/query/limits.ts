/** How much a query may ask for. */

export interface EngineLimits {
  /** Samples read and points computed, over the whole evaluation. */
  readonly samples: number;
  /** Series read, over all selectors. */
  readonly series: number;
  /** Points per series in the answer, as in Prometheus. */
  readonly points: number;
  /** Longest that a query may take, ms. */
  readonly timeoutMs: number;
  /** A query that takes longer is logged, ms. */
  readonly slowMs: number;
}

/** Those that a tenant may have of its own; the others count for all. */
export type TenantLimits = Partial<Pick<EngineLimits, 'samples' | 'series' | 'timeoutMs'>>;

export const defaultLimits: EngineLimits = {
  samples: 50_000_000,
  series: 20_000,
  points: 11_000,
  timeoutMs: 120_000,
  slowMs: 5_000,
};
