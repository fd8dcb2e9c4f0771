import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from './tenant.ts';

export interface Remembered<T> {
  of(scope: TenantScope): Promise<T>;
  /** All is asked for anew. */
  forget(): void;
}

/**
 * Something of each tenant that is asked for often and changes seldom.
 *
 * @param forMs  how long a change may take to count
 */
export function remembered<T>(
  load: (scope: TenantScope) => Promise<T>,
  forMs: number,
  now: () => UnixMs,
): Remembered<T> {
  const known = new Map<number, { readonly value: Promise<T>; readonly until: UnixMs }>();
  return {
    of(scope) {
      const cached = known.get(scope.tenantId);
      if (cached !== undefined && cached.until > now()) return cached.value;
      const value = load(scope);
      known.set(scope.tenantId, { value, until: now() + forMs });
      // A database that was away for a moment is asked again at once.
      value.catch(() => known.delete(scope.tenantId));
      return value;
    },
    forget: () => known.clear(),
  };
}
