import { TarsierError } from '@tarsier/protocol';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';

/** `/v1/models`: what jobs have learnt. */
export function modelRoutes(api: Api, { storage: { models } }: { readonly storage: Pick<Storage, 'models'> }): void {
  const using = async ({ tenant, params: { name } }: { tenant: TenantScope; params: { readonly name: string } }) =>
    (await models.versions(tenant, name)).find(({ isPromoted }) => isPromoted);
  const missing = (what: string): TarsierError => new TarsierError('http/not-found', `there is no ${what}`);
  api.on('GET /v1/models', async ({ tenant }) => ({ models: await models.list(tenant) }));
  api.on('GET /v1/models/{name}', async ({ tenant, params: { name } }) => {
    const versions = await models.versions(tenant, name);
    if (versions.length === 0) throw missing(`model ${name}`);
    return { versions };
  });
  api.on('POST /v1/models/{name}/promote', {
    current: using,
    async handle({ tenant, params: { name }, body: { version } }) {
      const promoted = await models.promote(tenant, name, version);
      if (promoted === undefined) throw missing(`version ${version} of model ${name}`);
      return promoted;
    },
  });
  api.on('POST /v1/models/{name}/rollback', {
    current: using,
    async handle({ tenant, params: { name } }) {
      const before = await models.rollBack(tenant, name);
      if (before === undefined) throw missing(`version of model ${name} that was used before`);
      return before;
    },
  });
  api.on('POST /v1/models/{name}/delete', {
    current: async ({ tenant, params: { name }, body: { version } }) =>
      (await models.versions(tenant, name)).find((one) => one.version === version),
    async handle({ tenant, params: { name }, body: { version } }) {
      if (await models.delete(tenant, name, version)) return;
      throw missing(`version ${version} of model ${name} that is not used`);
    },
  });
}
