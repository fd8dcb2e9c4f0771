import { cardinalityParameters, type CardinalityResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { parse } from '../parse.ts';

/** `GET /v1/cardinality`. */
export function cardinalityRoutes({ storage }: { readonly storage: Pick<Storage, 'series'> }): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/', async (c) => {
    const identity = c.get('identity');
    requireScope(identity, 'read');
    const { limit } = parse(cardinalityParameters, c.req.query(), 'query/parameter');
    const body: CardinalityResponse = await storage.series.cardinality(identity.tenant, limit);
    return c.json(body);
  });
}
