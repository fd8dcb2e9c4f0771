import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { PolicySource } from './policies.ts';

/** What a tenant has decided about alerts, as it is stored. */
export async function readPolicies(
  {
    alertPolicies: { routes, silences, foreignSilences, inhibitions, rotations, overrides },
    channels,
  }: Pick<Storage, 'alertPolicies' | 'channels'>,
  scope: TenantScope,
): Promise<PolicySource> {
  return {
    routes: await routes.list(scope),
    silences: [...(await silences.list(scope)), ...(await foreignSilences.list(scope))],
    inhibitions: await inhibitions.list(scope),
    rotations: await rotations.list(scope),
    overrides: await overrides.list(scope),
    channels: await channels.list(scope),
  };
}
