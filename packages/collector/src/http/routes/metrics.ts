import { TarsierError } from '@tarsier/protocol';
import type { Context } from 'hono';
import { Hono } from 'hono';
import type { SelfMetrics } from '../../self.ts';
import { sameText } from '../../tenancy/same-text.ts';
import { addressOf } from '../address-of.ts';
import type { AppEnv } from '../app-env.ts';

/**
 * `GET /metrics`: the collector's own, of all tenants together, for whoever operates it. With a token for whoever has
 * that; without one for programs of the same machine.
 */
export function metricsRoutes({
  self,
  metricsToken,
}: {
  readonly self: SelfMetrics;
  readonly metricsToken: string | undefined;
}): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/metrics', (c) => {
    if (metricsToken === undefined ? !isFromHere(c) : !isToken(c.req.header('authorization'), metricsToken)) {
      throw new TarsierError(
        'auth/metrics',
        metricsToken === undefined
          ? 'metrics are for programs of this machine; with TARSIER_METRICS_TOKEN they are for who has that token'
          : 'authorization: expected Bearer and the token of TARSIER_METRICS_TOKEN',
        { field: 'authorization' },
      );
    }
    return c.body(self.text(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
}

/** A proxy on this machine says for whom it asks. */
function isFromHere(c: Context<AppEnv>): boolean {
  const isForwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some(
    (name) => c.req.header(name) !== undefined,
  );
  return !isForwarded && /^(?:::ffff:)?127\.|^::1$/u.test(addressOf(c));
}

function isToken(authorization: string | undefined, token: string): boolean {
  const [, given = ''] = /^Bearer +(\S+)$/iu.exec(authorization ?? '') ?? [];
  return sameText(given, token);
}
