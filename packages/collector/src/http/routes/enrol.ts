import { TarsierError } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import type { Enrol } from '../../tenancy/enrolment.ts';
import type { Api } from '../api/call.ts';

/** `POST /v1/enrol`: a one-time token for a host's own key. The token is the bearer, so that proxies know it as a secret. */
export function enrolRoutes(api: Api, { enrol, log }: { readonly enrol: Enrol; readonly log: Log }): void {
  api.on('POST /v1/enrol', async ({ c, body }) => {
    const [, token] = /^Bearer +(tsr_enrol_\S+)$/iu.exec(c.req.header('authorization') ?? '') ?? [];
    if (token === undefined)
      throw new TarsierError('enrol/token', 'authorization: expected Bearer and a token (tsr_enrol_…)', {
        field: 'token',
      });
    const { tenant, host, key, returning } = await enrol(token, body).catch((error: unknown) => {
      const why = error instanceof TarsierError ? { code: error.code } : {};
      log.warn('a host was not enrolled', { host: body.host, ...why });
      throw error;
    });
    log.info('a host is enrolled', { tenant: tenant.tenant, host, returning });
    c.header('cache-control', 'no-store');
    return { tenant: tenant.tenant, host, key, returning };
  });
}
