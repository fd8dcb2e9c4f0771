import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

/** `GET /v1/audit`: who changed what. */
export function auditRoutes(api: Api, { storage }: { readonly storage: Pick<Storage, 'audit'> }): void {
  api.on('GET /v1/audit', async ({ tenant, query }) => {
    const { items: entries, ...rest } = await storage.audit.list(tenant, query);
    return { entries, ...rest };
  });
}
