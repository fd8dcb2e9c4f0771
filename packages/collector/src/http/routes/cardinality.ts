import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

/** `GET /v1/cardinality`. */
export function cardinalityRoutes(api: Api, { storage }: { readonly storage: Pick<Storage, 'series'> }): void {
  api.on('GET /v1/cardinality', ({ tenant, query }) => storage.series.cardinality(tenant, query.limit));
}
