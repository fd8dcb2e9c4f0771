import {
  alertsParameters,
  anomaliesParameters,
  type AlertsResponse,
  type AnomaliesResponse,
  type AnomalyEventsResponse,
} from '@tarsier/protocol/api';
import { TarsierError } from '@tarsier/protocol';
import { Hono } from 'hono';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { parse } from '../parse.ts';

/** `GET /v1/alerts`, `GET /v1/anomalies` and `/v1/anomalies/events[/ID]`. */
export function alertRoutes({
  storage,
}: {
  readonly storage: Pick<Storage, 'alerts' | 'anomalies' | 'anomalyEvents'>;
}): Hono<AppEnv> {
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
    })
    .get('/anomalies/events', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const range = parse(anomaliesParameters, c.req.query(), 'anomalies/parameter');
      const body: AnomalyEventsResponse = { events: await storage.anomalyEvents.list(identity.tenant, range) };
      return c.json(body);
    })
    .get('/anomalies/events/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const id = c.req.param('id');
      const event = await storage.anomalyEvents.find(identity.tenant, id);
      if (event === undefined) throw new TarsierError('http/not-found', `id: there is no event ${id}`, { field: 'id' });
      return c.json(event);
    });
}
