import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { keyPrefix, type KeyRow } from '../../storage/keys.ts';
import type { Storage } from '../../storage/storage.ts';
import { requireScope } from '../../tenancy/permissions.ts';
import type { Tokens } from '../../tenancy/tokens.ts';
import { parseSelector } from '../../query/language/parse.ts';
import { pageOf } from '../api/page-of.ts';
import type { Api, Call } from '../api/call.ts';

/** `/v1/keys`, and tokens that stand for them: `/v1/tokens`, `/v1/view-tokens`. */
export function keyRoutes(
  api: Api,
  {
    storage: { keys },
    tokens,
    now,
  }: {
    readonly storage: Pick<Storage, 'keys'>;
    readonly tokens: Pick<Tokens, 'issue'>;
    readonly now: () => UnixMs;
  },
): void {
  const find = async ({ tenant, params }: Pick<Call<'GET /v1/keys/{id}'>, 'tenant' | 'params'>) => {
    const found = (await keys.list(tenant)).find(({ id }) => id === params.id);
    return found === undefined ? undefined : shown(found);
  };
  api.on('GET /v1/keys', async ({ tenant, query }) => {
    const { items, ...more } = pageOf(await keys.list(tenant), ({ id }) => id, query);
    return { keys: items.map(shown), ...more };
  });
  api.on('GET /v1/keys/{id}', async (call) => (await find(call)) ?? missing(call.params.id));
  api.on('POST /v1/keys', async ({ c, tenant, identity, body: { name, scope, expiresInMs } }) => {
    requireScope(identity, scope);
    const expiresAt = expiresInMs === undefined ? undefined : now() + expiresInMs;
    const key = await keys.create(tenant, { name, scope, expiresAt });
    c.header('cache-control', 'no-store');
    return { ...shown(await keys.of(tenant, key)), key };
  });
  api.on('DELETE /v1/keys/{id}', {
    current: find,
    async handle({ tenant, params: { id } }) {
      if ((await keys.revoke(tenant, { id })).length === 0) missing(id);
    },
  });
  api.on('POST /v1/keys/{id}/rotate', {
    current: find,
    async handle({ c, tenant, params: { id }, body: { overlapMs } }) {
      const rotated = await keys.rotate(tenant, id, now() + overlapMs);
      if (rotated === undefined) return missing(id);
      c.header('cache-control', 'no-store');
      return { ...shown(await keys.of(tenant, rotated.key)), key: rotated.key };
    },
  });
  api.on('POST /v1/tokens', async ({ c, tenant, identity, body: { scope = identity.scope, expiresInMs } }) => {
    requireScope(identity, scope);
    if (scope === 'view' || scope === 'none') throw new TarsierError('auth/scope', 'a view token makes no others');
    c.header('cache-control', 'no-store');
    return tokens.issue({ kind: 'access', tenant, name: identity.name, scope }, expiresInMs);
  });
  api.on('POST /v1/view-tokens', async ({ c, tenant, identity, body: { selectors, origins, expiresInMs } }) => {
    for (const selector of selectors) parseSelector(selector);
    c.header('cache-control', 'no-store');
    return tokens.issue({ kind: 'view', tenant, name: identity.name, selectors, origins }, expiresInMs);
  });
}

function shown(key: KeyRow) {
  return { ...key, prefix: keyPrefix };
}

function missing(id: string): never {
  throw new TarsierError('http/not-found', `id: there is no key in use of id ${id}`, { field: 'id' });
}
