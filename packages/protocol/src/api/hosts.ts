import { z } from 'zod';
import type { UnixMs } from '../sample.ts';
import { defineOperations, many, next, pageParameters, unixMs } from './operation.ts';

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

const hostSchema: z.ZodType<HostSummary> = z
  .object({
    host: z.string(),
    lastSeen: unixMs.exactOptional(),
    series: z.int(),
    state: z.enum(['up', 'stale']),
  })
  .meta({ id: 'Host' });

const hostsParameters = z.object({
  state: z.enum(['up', 'stale']).exactOptional(),
  ...pageParameters,
  limit: pageParameters.limit.default(1_000),
});

export const hostOperations = defineOperations({
  'GET /v1/hosts': {
    summary: 'Hosts by name, and when they were last seen',
    tag: 'hosts',
    scope: 'read',
    query: hostsParameters,
    status: 200,
    answer: z.object({ hosts: many(hostSchema), next }),
  },
  'DELETE /v1/hosts/{host}': {
    summary: 'Takes a host away with everything that is about it',
    tag: 'hosts',
    scope: 'admin',
    status: 204,
  },
});
