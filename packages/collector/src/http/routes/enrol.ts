import { TarsierError } from '@tarsier/protocol';
import { enrolRequest, type enrolResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { z } from 'zod';
import type { Log } from '../../log.ts';
import type { Enrol } from '../../tenancy/enrolment.ts';
import type { AppEnv } from '../app-env.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `POST /v1/enrol`: a one-time token for a host's own key. The token is the bearer, so that proxies know it as a secret. */
export function enrolRoutes({ enrol, log }: { readonly enrol: Enrol; readonly log: Log }): Hono<AppEnv> {
  return new Hono<AppEnv>().post('/', async (c) => {
    const [, token] = /^Bearer +(tsr_enrol_\S+)$/iu.exec(c.req.header('authorization') ?? '') ?? [];
    if (token === undefined)
      throw new TarsierError('enrol/token', 'authorization: expected Bearer and a token (tsr_enrol_…)', {
        field: 'token',
      });
    const request = parse(enrolRequest, await jsonBody(c), 'enrol/body');
    const { tenant, host, key, returning } = await enrol(token, request).catch((error: unknown) => {
      const why = error instanceof TarsierError ? { code: error.code } : {};
      log.warn('a host was not enrolled', { host: request.host, ...why });
      throw error;
    });
    log.info('a host is enrolled', { tenant: tenant.tenant, host, returning });
    const body: z.infer<typeof enrolResponse> = { tenant: tenant.tenant, host, key, returning };
    return c.json(body, 201, { 'cache-control': 'no-store' });
  });
}
