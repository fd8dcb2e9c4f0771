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
    now,
  }: {
    readonly storage: Pick<Storage, 'corsOrigins' | 'limits'>;
    readonly cors: Pick<Cors, 'forget'>;
    readonly now: () => number;
  },
): void {
  const named = (name: string): LimitName | undefined => limitNames.find((known) => known === name);
  api.on('GET /v1/limits', async ({ tenant }) => {
    const [ofAll, stored, { tier, used }] = await Promise.all([
      storage.limits.effective(tenant),
      storage.limits.list(tenant),
      storage.limits.used(tenant, now()),
    ]);
    const ofKeys = stored.flatMap(({ name, key, value }) => {
      const known = named(name);
      return known === undefined || key === '' ? [] : [{ name: known, key, value, source: 'key' as const, used: null }];
    });
    const ofTenant = [...ofAll].map(([name, limit]) => ({ name, key: '', ...limit, used: used[name] ?? null }));
    return { tier, limits: [...ofTenant, ...ofKeys].map((limit) => ({ ...limit, unit: limitUnits[limit.name] })) };
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
