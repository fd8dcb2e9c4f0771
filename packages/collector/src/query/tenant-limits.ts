import type { UnixMs } from '@tarsier/protocol';
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
  const known = new Map<number, { readonly limits: Promise<TenantLimits>; readonly until: UnixMs }>();
  return (scope) => {
    const cached = known.get(scope.tenantId);
    if (cached !== undefined && cached.until > now()) return cached.limits;
    const limits = storage.tenants.queryLimits(scope);
    known.set(scope.tenantId, { limits, until: now() + cacheMs });
    // A database that was away for a moment is asked again at once.
    limits.catch(() => known.delete(scope.tenantId));
    return limits;
  };
}
