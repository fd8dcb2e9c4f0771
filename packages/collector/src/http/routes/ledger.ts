import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { balance } from '../../ingest/ledger/balance.ts';
import { hourMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

/** `GET` and `PUT /v1/hosts/:host/ledger`: what became of each sample. */
export function ledgerRoutes(
  api: Api,
  { storage, now }: { readonly storage: Pick<Storage, 'ledger'>; readonly now: () => UnixMs },
): void {
  api.on('GET /v1/hosts/{host}/ledger', async ({ tenant, params: { host }, query: { hours } }) => {
    const rows = await storage.ledger.list(tenant, host, Math.floor(now() / hourMs) - hours + 1);
    if (rows === undefined) throw noHost(host);
    const { through, ...rest } = balance(rows);
    return { host, ...rest, ...(through === undefined ? {} : { through }) };
  });
  api.on('PUT /v1/hosts/{host}/ledger', async ({ identity, tenant, params: { host }, body }) => {
    if (identity.host !== undefined && identity.host !== host) {
      throw new TarsierError(
        'auth/host',
        `host: this key may only ship for ${identity.host}, got ${JSON.stringify(host)}; enrol that host on its own`,
        { field: 'host' },
      );
    }
    if (!(await storage.ledger.put(tenant, host, body))) throw noHost(host);
  });
}

function noHost(host: string): TarsierError {
  return new TarsierError('http/not-found', `host: there is no host ${host}`, { field: 'host' });
}
