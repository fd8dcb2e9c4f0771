import type { UnixMs } from '@tarsier/protocol';
import { remembered } from '../remembered.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import type { TenantLimits } from './limits.ts';

/** How long a change may take to count, ms: a query each few milliseconds must not ask the database for it. */
const cacheMs = 10_000;

/** What each tenant's queries may, as it is stored. */
export function createTenantLimits({
  storage,
  now,
}: {
  readonly storage: Pick<Storage, 'tenants'>;
  readonly now: () => UnixMs;
}): (scope: TenantScope) => Promise<TenantLimits> {
  return remembered((scope) => storage.tenants.queryLimits(scope), cacheMs, now).of;
}
