import type { UnixMs } from '../sample.ts';

/** `GET /v1/hosts`. */
export interface HostsResponse {
  readonly hosts: readonly HostSummary[];
}

export interface HostSummary {
  readonly host: string;
  /** Newest sample; absent when none came since the collector's replay window. */
  readonly lastSeen?: UnixMs;
  /** Series of the newest batch. */
  readonly series: number;
  /** `stale`: no sample for a minute or more. */
  readonly state: 'up' | 'stale';
}
