import { toCsv } from '@tarsier/protocol/formats';
import { dayMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import { dayNumber } from '../../storage/usage.ts';
import type { Api } from '../api/call.ts';

/** Amounts are shown in base units. */
const units: Readonly<Record<string, { readonly name: string; readonly unit: string; readonly per?: number }>> = {
  samples: { name: 'samples', unit: 'samples' },
  batches: { name: 'batches', unit: 'batches' },
  received_bytes: { name: 'received_bytes', unit: 'bytes' },
  stored_bytes: { name: 'stored_bytes', unit: 'bytes' },
  series: { name: 'series', unit: 'series' },
  queries: { name: 'queries', unit: 'queries' },
  query_samples: { name: 'query_samples', unit: 'samples' },
  query_cpu_ms: { name: 'query_cpu_seconds', unit: 'seconds', per: 1_000 },
};

/** `GET /v1/usage` and the same as CSV: `GET /v1/usage/csv`. */
export function usageRoutes(
  api: Api,
  { storage, flush }: { readonly storage: Pick<Storage, 'usage'>; readonly flush: () => Promise<void> },
): void {
  async function used(
    scope: TenantScope,
    { from, to, host }: { readonly from: string; readonly to: string; readonly host?: string },
  ) {
    // What this collector has counted and not written yet is in the answer.
    await flush();
    const days = { from: dayNumber(Date.parse(from)), to: dayNumber(Date.parse(to)) };
    const rows = await storage.usage.list(scope, days);
    return rows
      .filter((row) => host === undefined || row.host === host)
      .map(({ day, host, what, amount }) => {
        const { name, unit, per = 1 } = units[what] ?? { name: what, unit: '' };
        return { day: new Date(day * dayMs).toISOString().slice(0, 10), host, what: name, amount: amount / per, unit };
      });
  }

  api.on('GET /v1/usage', async ({ tenant, query }) => ({ usage: await used(tenant, query) }));
  api.on('GET /v1/usage/csv', async ({ c, tenant, query }) => {
    const header = ['day', 'host', 'what', 'amount', 'unit'] as const;
    const rows = (await used(tenant, query)).map((row) => header.map((name) => String(row[name])));
    return c.body(toCsv([header, ...rows]), 200, {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="tarsier-usage.csv"',
    });
  });
}
