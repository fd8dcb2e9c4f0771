import type { TarsierTransaction } from './database.ts';

export interface HostKey {
  readonly tenantId: number;
  readonly hostId: number;
}

/**
 * Locks a host's row until the transaction ends: whoever rewrites a host's stored samples holds it.
 *
 * @param ifTaken  `skip`: do not wait for another
 * @returns false when it is taken, or there is no such host
 */
export async function lockHost(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  ifTaken: 'skip' | 'wait',
): Promise<boolean> {
  const rows = await tx`
    select 1 from host where tenant_id = ${tenantId} and host_id = ${hostId}
    for no key update ${ifTaken === 'skip' ? tx`skip locked` : tx``}`;
  return rows.length > 0;
}
