import { forecastParameters } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Forecaster } from '../../forecast/forecaster.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { parse } from '../parse.ts';

/** `GET /v1/forecast`: median and band of what series will be, and when they will reach a limit. */
export function forecastRoutes({ forecaster }: { readonly forecaster: Forecaster }): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/', async (c) => {
    const identity = c.get('identity');
    requireScope(identity, 'read');
    const { horizon, step, history, ...asked } = parse(forecastParameters, c.req.query(), 'forecast/parameter');
    const request = { ...asked, horizonMs: horizon, stepMs: step, historyMs: history, signal: c.req.raw.signal };
    return c.json(await forecaster.forecast(identity.tenant, request));
  });
}
