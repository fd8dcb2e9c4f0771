import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

/** `/v1/prices`: what costs and savings are computed from. */
export function priceRoutes(api: Api, { storage: { prices } }: { readonly storage: Pick<Storage, 'prices'> }): void {
  api.on('GET /v1/prices', ({ tenant }) => prices.get(tenant));
  api.on('PUT /v1/prices', {
    current: ({ tenant }) => prices.get(tenant),
    async handle({ tenant, body }) {
      await prices.set(tenant, body);
      return body;
    },
  });
}
