import { TarsierError } from '@tarsier/protocol';
import { newRuleSchema } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Alerting } from '../../alert/alerting.ts';
import { parseSelector } from '../../query/language/parse.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `GET`, `POST` and `DELETE /v1/rules`: what is alerted on. A change counts from the next sample. */
export function ruleRoutes({
  storage,
  alerting,
}: {
  readonly storage: Pick<Storage, 'rules'>;
  readonly alerting: Pick<Alerting, 'reloadRules'>;
}): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      return c.json({ rules: await storage.rules.list(identity.tenant) });
    })
    .post('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const body = parse(newRuleSchema, await jsonBody(c), 'rules/body');
      parseSelector(body.selector);
      const rule = await storage.rules.create(identity.tenant, body);
      await alerting.reloadRules(identity.tenant);
      return c.json(rule, 201);
    })
    .delete('/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const id = c.req.param('id');
      if (!(await storage.rules.delete(identity.tenant, id)))
        throw new TarsierError('http/not-found', `there is no rule ${id}`);
      await alerting.reloadRules(identity.tenant);
      return c.body(null, 204);
    });
}
