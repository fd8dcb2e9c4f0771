import {
  budgetSchema,
  detectionSettingSchema,
  feedbackSchema,
  type DetectionSettingsResponse,
  type DetectorsResponse,
  type FeedbackResponse,
} from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { EventTuner } from '../../alert/event-tuner.ts';
import { seriesDetectors } from '../../detect/registry.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `/v1/detection/budget`, `/settings` and `/detectors`, `/v1/anomalies/feedback` and `/v1/anomalies/events/:id/feedback`. */
export function detectionRoutes({
  storage,
  tuner,
}: {
  readonly storage: Pick<Storage, 'detectionTuning'>;
  readonly tuner: EventTuner;
}): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/detection/budget', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      return c.json(await tuner.budget(identity.tenant));
    })
    .put('/detection/budget', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const budget = parse(budgetSchema, await jsonBody(c), 'detection/body');
      return c.json(await tuner.setBudget(identity.tenant, budget));
    })
    .get('/detection/detectors', (c) => {
      requireScope(c.get('identity'), 'read');
      const body: DetectorsResponse = { detectors: seriesDetectors.map(({ name, summary }) => ({ name, summary })) };
      return c.json(body);
    })
    .get('/detection/settings', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const body: DetectionSettingsResponse = { settings: await storage.detectionTuning.settings(identity.tenant) };
      return c.json(body);
    })
    .post('/detection/settings', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const setting = parse(detectionSettingSchema, await jsonBody(c), 'detection/body');
      return c.json(await tuner.addSetting(identity.tenant, setting), 201);
    })
    .delete('/detection/settings/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      await tuner.deleteSetting(identity.tenant, c.req.param('id'));
      return c.body(null, 204);
    })
    .get('/anomalies/feedback', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const body: FeedbackResponse = { feedback: await storage.detectionTuning.feedback(identity.tenant) };
      return c.json(body);
    })
    .put('/anomalies/events/:id/feedback', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const feedback = parse(feedbackSchema, await jsonBody(c), 'detection/body');
      return c.json(await tuner.judge(identity.tenant, c.req.param('id'), feedback));
    })
    .delete('/anomalies/events/:id/feedback', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      await tuner.takeBack(identity.tenant, c.req.param('id'));
      return c.body(null, 204);
    });
}
