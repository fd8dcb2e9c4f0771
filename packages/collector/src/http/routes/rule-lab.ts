import { ruleLabSchema } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { RuleLab } from '../../alert/lab/rule-lab.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `POST /v1/rule-lab`: what a rule would have told in the past. It changes nothing, so those who read may ask. */
export function ruleLabRoutes({ ruleLab }: { readonly ruleLab: RuleLab }): Hono<AppEnv> {
  return new Hono<AppEnv>().post('/', async (c) => {
    const identity = c.get('identity');
    requireScope(identity, 'read');
    const request = parse(ruleLabSchema, await jsonBody(c), 'rules/lab');
    return c.json(await ruleLab.try(identity.tenant, request));
  });
}
