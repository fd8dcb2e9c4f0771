/** What people do about incidents over the live feed: as over the REST API, may they do it and is it noted. */
import { randomUUID } from 'node:crypto';
import type { Incident, UnixMs } from '@tarsier/protocol';
import { operations, type IncidentAction } from '@tarsier/protocol/api';
import type { Storage } from '../storage/storage.ts';
import type { Identity } from '../tenancy/authenticate.ts';
import type { Limiter } from '../tenancy/limiter.ts';
import { requireOperation } from '../tenancy/permissions.ts';
import { signatureOf } from '../tenancy/signature-of.ts';
import type { TenantScope } from '../tenant.ts';

const operation = 'POST /v1/incidents/{id}/{kind}';

export function createActs({
  storage,
  limiter,
  act,
  now,
}: {
  readonly storage: Pick<Storage, 'audit' | 'incidents'>;
  readonly limiter: Pick<Limiter, 'request'>;
  readonly act: (scope: TenantScope, id: string, action: IncidentAction, by: string) => Promise<Incident>;
  readonly now: () => UnixMs;
}) {
  return async (from: string, who: Identity, id: string, action: IncidentAction): Promise<Incident> => {
    requireOperation(who, operations[operation]);
    await limiter.request(who, false);
    const { tenant, by: kind, name } = who;
    const before = await storage.incidents.find(tenant, id);
    const after = await act(tenant, id, action, action.by ?? signatureOf(who));
    await storage.audit.append(tenant, {
      at: now(),
      actor: { kind, name },
      action: operation,
      target: `/v1/incidents/${id}/${action.kind}`,
      from,
      requestId: randomUUID(),
      before: before ?? null,
      after,
    });
    return after;
  };
}
