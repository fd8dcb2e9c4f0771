import {
  alertsParameters,
  anomaliesParameters,
  type AlertsResponse,
  type AnomaliesResponse,
} from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { parse } from '../parse.ts';

/** `GET /v1/alerts` and `GET /v1/anomalies`. */
export function alertRoutes({ storage }: { readonly storage: Pick<Storage, 'alerts' | 'anomalies'> }): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/alerts', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const body: AlertsResponse = {
        alerts: await storage.alerts.list(identity.tenant, parse(alertsParameters, c.req.query(), 'alerts/parameter')),
      };
      return c.json(body);
    })
    .get('/anomalies', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const body: AnomaliesResponse = {
        anomalies: await storage.anomalies.list(
          identity.tenant,
          parse(anomaliesParameters, c.req.query(), 'anomalies/parameter'),
        ),
      };
      return c.json(body);
    });
}
