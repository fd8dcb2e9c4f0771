import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { PolicySource } from './policies.ts';

/** What a tenant has decided about alerts, as it is stored. */
export async function readPolicies(
  { alertPolicies, channels }: Pick<Storage, 'alertPolicies' | 'channels'>,
  scope: TenantScope,
): Promise<PolicySource> {
  // Each change waits for this: all at once, and few statements.
  const [own, foreign, known] = await Promise.all([
    alertPolicies.all(scope),
    alertPolicies.foreignSilences.list(scope),
    channels.list(scope),
  ]);
  return { ...own, silences: [...own.silences, ...foreign], channels: known };
}
