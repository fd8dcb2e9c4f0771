import { limitNames, limitUnits, type LimitName } from '@tarsier/protocol/api';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import type { Cors } from '../cors.ts';

/** `GET /v1/limits`, and which other sites may ask: `/v1/cors-origins`. */
export function limitRoutes(
  api: Api,
  {
    storage,
    cors,
  }: { readonly storage: Pick<Storage, 'corsOrigins' | 'limits' | 'tenants'>; readonly cors: Pick<Cors, 'forget'> },
): void {
  const named = (name: string): LimitName | undefined => limitNames.find((known) => known === name);
  api.on('GET /v1/limits', async ({ tenant }) => {
    const { samples, series, timeoutMs } = await storage.tenants.queryLimits(tenant);
    const ofTenant = [
      ['series', await storage.tenants.maxSeries(tenant)],
      ['query-samples', samples],
      ['query-series', series],
      ['query-seconds', timeoutMs === undefined ? undefined : timeoutMs / 1_000],
    ] as const;
    const stored = await storage.limits.list(tenant);
    return {
      limits: [
        ...ofTenant.flatMap(([name, value]) => (value === undefined ? [] : [{ name, key: '', value }])),
        ...stored.flatMap(({ name, ...limit }) => {
          const known = named(name);
          return known === undefined ? [] : [{ name: known, ...limit }];
        }),
      ].map((limit) => ({ ...limit, unit: limitUnits[limit.name] })),
    };
  });

  const current = async (tenant: TenantScope) => ({ origins: await storage.corsOrigins.list(tenant) });
  api.on('GET /v1/cors-origins', ({ tenant }) => current(tenant));
  api.on('PUT /v1/cors-origins', {
    current: ({ tenant }) => current(tenant),
    async handle({ tenant, body, after }) {
      await storage.corsOrigins.replace(tenant, body.origins);
      after(cors.forget);
      return current(tenant);
    },
  });
}
