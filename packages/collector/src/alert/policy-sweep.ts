/**
 * Of what was changed elsewhere a collector is told; this is for what it was not told of. One statement says of which
 * tenants something has changed, so that the others cost nothing.
 */
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';

export interface PolicySweep {
  /** The tenant's rules and policies are about to be read. */
  reading(scope: TenantScope): Promise<void>;
  /** Reads anew those of the tenants that have changed since. */
  sweep(tenants: readonly TenantScope[]): Promise<void>;
}

export function createPolicySweep({
  storage: { alertPolicies },
  reload,
}: {
  readonly storage: { readonly alertPolicies: Pick<Storage['alertPolicies'], 'marks'> };
  readonly reload: (scope: TenantScope) => Promise<void>;
}): PolicySweep {
  const known = new Map<number, string | undefined>();
  return {
    async reading(scope) {
      known.set(scope.tenantId, (await alertPolicies.marks(scope)).get(scope.tenantId));
    },
    async sweep(tenants) {
      const marks = await alertPolicies.marks();
      for (const scope of tenants) {
        const mark = marks.get(scope.tenantId);
        if (known.has(scope.tenantId) && known.get(scope.tenantId) === mark) continue;
        await reload(scope);
        known.set(scope.tenantId, mark);
      }
    },
  };
}
