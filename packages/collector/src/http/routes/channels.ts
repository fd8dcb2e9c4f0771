import { TarsierError } from '@tarsier/protocol';
import { newChannelSchema } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `GET`, `POST` and `DELETE /v1/channels`: who is told. */
export function channelRoutes({
  storage,
  pipeline,
}: {
  readonly storage: Pick<Storage, 'channels'>;
  readonly pipeline: Pick<Pipeline, 'reloadPolicies'>;
}): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      return c.json({ channels: await storage.channels.list(identity.tenant) });
    })
    .post('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const body = parse(newChannelSchema, await jsonBody(c), 'channels/body');
      const made = await storage.channels.create(identity.tenant, body);
      await pipeline.reloadPolicies(identity.tenant);
      return c.json(made, 201);
    })
    .delete('/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const id = c.req.param('id');
      if (!(await storage.channels.delete(identity.tenant, id)))
        throw new TarsierError('http/not-found', `there is no channel ${id}`);
      await pipeline.reloadPolicies(identity.tenant);
      return c.body(null, 204);
    });
}
