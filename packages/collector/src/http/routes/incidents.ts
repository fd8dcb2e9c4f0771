import {
  changesParameters,
  incidentActionSchema,
  incidentsParameters,
  notificationsParameters,
  summaryParameters,
  type ChangesResponse,
  type IncidentChartResponse,
  type IncidentResponse,
  type IncidentsResponse,
  type NotificationsResponse,
  type NotificationSummary,
  type UnsentResponse,
} from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { IncidentView } from '../../alert/incident/incident-view.ts';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import { dayMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `/v1/incidents`: what people are told of, and what they do about it. */
export function incidentRoutes({
  storage,
  pipeline,
  incidentView,
}: {
  readonly storage: Pick<Storage, 'incidents'>;
  readonly incidentView: IncidentView;
  readonly pipeline: Pick<Pipeline, 'act'>;
}): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const filter = parse(incidentsParameters, c.req.query(), 'incidents/parameter');
      const body: IncidentsResponse = { incidents: await storage.incidents.list(identity.tenant, filter) };
      return c.json(body);
    })
    .get('/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      return c.json<IncidentResponse>(await incidentView.view(identity.tenant, c.req.param('id')));
    })
    .get('/:id/changes', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const { limit } = parse(changesParameters, c.req.query(), 'incidents/parameter');
      return c.json<ChangesResponse>(await incidentView.changes(identity.tenant, c.req.param('id'), limit));
    })
    .get('/:id/chart', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const chart = await incidentView.chart(identity.tenant, c.req.param('id'));
      return c.json<IncidentChartResponse>({ chart: chart ?? null });
    })
    .post('/:id/:kind', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const { id, kind } = c.req.param();
      const given = await jsonBody(c);
      const body = typeof given === 'object' && given !== null ? { ...given, kind } : given;
      const action = parse(incidentActionSchema, body, 'incidents/body');
      return c.json(await pipeline.act(identity.tenant, id, action, action.by ?? identity.by));
    });
}

/** `/v1/notifications`: what was sent, what was not and why, and how much noise that spared. */
export function notificationRoutes({
  storage,
  now,
}: {
  readonly storage: Pick<Storage, 'incidents' | 'notifications'>;
  readonly now: () => number;
}): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const { limit } = parse(notificationsParameters, c.req.query(), 'notifications/parameter');
      const body: NotificationsResponse = {
        notifications: await storage.notifications.list(identity.tenant, { limit }),
      };
      return c.json(body);
    })
    .get('/unsent', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const filter = parse(notificationsParameters, c.req.query(), 'notifications/parameter');
      const body: UnsentResponse = { unsent: await storage.incidents.unsent(identity.tenant, filter) };
      return c.json(body);
    })
    .get('/summary', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const { days } = parse(summaryParameters, c.req.query(), 'notifications/parameter');
      const body: NotificationSummary = await storage.incidents.summary(identity.tenant, now() - days * dayMs);
      return c.json(body);
    });
}
