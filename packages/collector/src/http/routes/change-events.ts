import { TarsierError } from '@tarsier/protocol';
import { changeEventsParameters, newChangeEventSchema, type ChangeEventsResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `/v1/events`: deployments, jobs and settings that were changed, shown beside what followed from them. */
export function changeEventRoutes({ storage }: { readonly storage: Pick<Storage, 'changeEvents'> }): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const { host, ...filter } = parse(changeEventsParameters, c.req.query(), 'events/parameter');
      const hosts = host === undefined ? undefined : [host];
      const body: ChangeEventsResponse = {
        events: await storage.changeEvents.list(identity.tenant, { ...filter, hosts }),
      };
      return c.json(body);
    })
    .post('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const event = parse(newChangeEventSchema, await jsonBody(c), 'events/body');
      return c.json(await storage.changeEvents.save(identity.tenant, event), 201);
    })
    .delete('/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const id = c.req.param('id');
      if (!(await storage.changeEvents.delete(identity.tenant, id))) {
        throw new TarsierError('http/not-found', `there is no event ${id}`);
      }
      return c.body(null, 204);
    });
}
