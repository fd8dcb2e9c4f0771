import type { UnixMs } from '@tarsier/protocol';
import { balance } from '../../ingest/ledger/balance.ts';
import { hourMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import { requireOwnHost } from '../../own-host.ts';
import type { Api } from '../api/call.ts';
import { unknownHost } from './hosts.ts';

/** `GET` and `PUT /v1/hosts/:host/ledger`: what became of each sample. */
export function ledgerRoutes(
  api: Api,
  { storage, now }: { readonly storage: Pick<Storage, 'ledger'>; readonly now: () => UnixMs },
): void {
  api.on('GET /v1/hosts/{host}/ledger', async ({ tenant, params: { host }, query: { hours } }) => {
    const rows = await storage.ledger.list(tenant, host, Math.floor(now() / hourMs) - hours + 1);
    if (rows === undefined) throw unknownHost(host);
    const { through, ...rest } = balance(rows);
    return { host, ...rest, ...(through === undefined ? {} : { through }) };
  });
  api.on('PUT /v1/hosts/{host}/ledger', async ({ identity, tenant, params: { host }, body }) => {
    requireOwnHost(identity.host, host);
    if (!(await storage.ledger.put(tenant, host, body))) throw unknownHost(host);
  });
}
