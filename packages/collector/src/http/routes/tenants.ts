import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { limitNames, type Tenant, type TenantLimits } from '@tarsier/protocol/api';
import type { Storage } from '../../storage/storage.ts';
import type { TenantRow } from '../../storage/tiers.ts';
import { homeTenant, type TenantScope } from '../../tenant.ts';
import { addressOf } from '../address-of.ts';
import type { Api, Call } from '../api/call.ts';
import { pageOf } from '../api/page-of.ts';

/** Longer than anybody remembers a key: after it nothing comes in any more. */
const quietMs = 15_000;

interface TenantDeps {
  readonly storage: Pick<Storage, 'tenants' | 'tiers' | 'limits' | 'deletions' | 'users' | 'audit'>;
  readonly now: () => UnixMs;
}

/** `/v1/tiers`, `/v1/tenants`: for those who run the installation. */
export function tenantRoutes(api: Api, { storage, now }: TenantDeps): void {
  const { tenants, tiers, limits, deletions, users, audit } = storage;

  const find = async (id: string): Promise<TenantRow | undefined> =>
    (await tiers.tenants()).find(({ tenantId }) => String(tenantId) === id);
  const require = async (id: string): Promise<TenantRow> => {
    const found = await find(id);
    if (found !== undefined) return found;
    throw new TarsierError('http/not-found', `id: there is no tenant of id ${id}`, { field: 'id' });
  };
  const requireTier = async (name: string): Promise<void> => {
    if ((await tiers.find(name)) !== undefined) return;
    throw new TarsierError('tenants/tier', `tier: there is none of the name ${name}`, { field: 'tier' });
  };
  const requireOther = ({ name }: TenantRow, what: string): void => {
    if (name !== homeTenant) return;
    throw new TarsierError(
      'tenants/home',
      `id: ${homeTenant} is the tenant of those who run it, and can not be ${what}`,
      {
        field: 'id',
      },
    );
  };
  /** Its owners see, too, what was changed from outside. */
  const tell = (
    { c, identity }: Pick<Call<'GET /v1/tenants'>, 'c' | 'identity'>,
    row: TenantRow,
    before: unknown,
    after: unknown,
  ): Promise<void> =>
    row.tenantId === identity.tenant.tenantId
      ? Promise.resolve()
      : audit.append(scopeOf(row), {
          at: now(),
          actor: { kind: identity.by, name: `operator ${identity.name}` },
          action: `${c.req.method} /v1/tenants`,
          target: c.req.path,
          from: addressOf(c),
          requestId: c.get('requestId'),
          before,
          after,
        });

  api.on('GET /v1/tiers', async () => ({ tiers: await tiers.list() }));
  const tierOf = async (name: string) => (await tiers.list()).find((one) => one.name === name);
  api.on('PUT /v1/tiers/{name}', {
    // Tiers and other tenants are not in the scope of who asks.
    apart: true,
    current: ({ params }) => tierOf(params.name),
    async handle({ params: { name }, body }) {
      if (!/^[\w.-]{1,40}$/u.test(name)) {
        throw new TarsierError('http/parameter', 'name: expected 1 to 40 letters, digits, dots and dashes', {
          field: 'name',
        });
      }
      await tiers.put({ name, ...body });
      await tiers.spreadWeight(name);
      return { name, ...body, tenants: (await tierOf(name))?.tenants ?? 0 };
    },
  });
  api.on('DELETE /v1/tiers/{name}', {
    // Tiers and other tenants are not in the scope of who asks.
    apart: true,
    current: ({ params }) => tierOf(params.name),
    async handle({ params: { name } }) {
      const found = await tierOf(name);
      if (found === undefined)
        throw new TarsierError('http/not-found', `name: there is no tier ${name}`, { field: 'name' });
      if (await tiers.delete(name)) return;
      throw new TarsierError(
        'tenants/tier-used',
        `name: ${found.tenants} tenants have this tier; give them others first`,
        {
          field: 'name',
        },
      );
    },
  });

  api.on('GET /v1/tenants', async ({ query }) => {
    const { items, ...more } = pageOf(await tiers.tenants(), ({ tenantId }) => String(tenantId), query);
    return { tenants: items.map(shown), ...more };
  });
  api.on('POST /v1/tenants', async ({ body: { name, tier } }) => {
    await requireTier(tier);
    const made = await tiers.createTenant(name, tier);
    if (made === undefined) {
      throw new TarsierError('tenants/name', `name: there is a tenant ${name} already`, { field: 'name' });
    }
    await tiers.spreadWeight(tier);
    return shown(made);
  });
  api.on('GET /v1/tenants/{id}', async ({ params: { id } }) => shown(await require(id)));
  api.on('PUT /v1/tenants/{id}', {
    // Tiers and other tenants are not in the scope of who asks.
    apart: true,
    async current({ params: { id } }) {
      const found = await find(id);
      return found === undefined ? undefined : shown(found);
    },
    async handle(call) {
      const { tier, suspended } = call.body;
      const before = await require(call.params.id);
      if (suspended) requireOther(before, 'suspended');
      await requireTier(tier);
      const suspendedAt = suspended ? (before.suspendedAt ?? now()) : null;
      const after = await tiers.changeTenant(before.tenantId, { tier, suspendedAt });
      await tiers.spreadWeight(tier);
      const told = shown(after ?? { ...before, tier, suspendedAt });
      await tell(call, before, shown(before), told);
      return told;
    },
  });
  api.on('DELETE /v1/tenants/{id}', {
    // Tiers and other tenants are not in the scope of who asks.
    apart: true,
    async current({ params: { id } }) {
      const found = await find(id);
      return found === undefined ? undefined : shown(found);
    },
    async handle({ params: { id } }) {
      const row = await require(id);
      requireOther(row, 'deleted');
      if (row.suspendedAt === null || row.suspendedAt > now() - quietMs) {
        const message = `id: a tenant is deleted once it has been suspended for ${quietMs / 1_000} s, so that nothing comes any more`;
        throw new TarsierError('tenants/in-use', message, { field: 'id' });
      }
      await deletions.deleteTenant(scopeOf(row));
    },
  });
  const limitsOf = async (row: TenantRow): Promise<TenantLimits> => ({ limits: await limits.own(scopeOf(row)) });
  api.on('GET /v1/tenants/{id}/limits', async ({ params: { id } }) => limitsOf(await require(id)));
  api.on('PUT /v1/tenants/{id}/limits', {
    // Tiers and other tenants are not in the scope of who asks.
    apart: true,
    async current({ params: { id } }) {
      const found = await find(id);
      return found === undefined ? undefined : limitsOf(found);
    },
    async handle(call) {
      const row = await require(call.params.id);
      const [scope, before] = [scopeOf(row), await limitsOf(row)];
      const given = call.body.limits;
      const seconds = given['query-seconds'];
      await tenants.setQueryLimits(scope, {
        samples: given['query-samples'] ?? null,
        series: given['query-series'] ?? null,
        timeoutMs: seconds === undefined ? null : seconds * 1_000,
      });
      await tenants.setMaxSeries(scope, given.series ?? null);
      for (const name of limitNames) {
        if (name === 'series' || name.startsWith('query-')) continue;
        await limits.set(scope, { name, key: '', value: given[name] ?? null });
      }
      const after = await limitsOf(row);
      await tell(call, row, before, after);
      return after;
    },
  });
  api.on('POST /v1/tenants/{id}/invitations', {
    apart: true,
    // An invitation is new: nothing was there before it.
    current: () => Promise.resolve(undefined),
    async handle({ c, params: { id }, body: { email, role, expiresInMs } }) {
      const row = await require(id);
      c.header('cache-control', 'no-store');
      return users.invite(scopeOf(row), { email, role, expiresAt: now() + expiresInMs });
    },
  });
}

function scopeOf({ tenantId, name }: TenantRow): TenantScope {
  return { tenantId, tenant: name };
}

function shown({ tenantId, name, tier, suspendedAt }: TenantRow): Tenant {
  return { id: String(tenantId), name, tier, suspendedAt };
}
