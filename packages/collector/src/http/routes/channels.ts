import { randomUUID } from 'node:crypto';
import { describeError, TarsierError } from '@tarsier/protocol';
import { newChannelSchema, previewSchema, type ChannelTestResponse, type PreviewResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import { exampleMessage } from '../../notify/example.ts';
import type { Sender } from '../../notify/send.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { withoutSecrets } from '../channel-secrets.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';

/** `/v1/channels`: who is told; `POST /:id/test` tells it something, `POST /preview` shows how it would look. */
export function channelRoutes({
  storage,
  pipeline,
  sender,
  now,
}: {
  readonly storage: Pick<Storage, 'channels' | 'incidents'>;
  readonly pipeline: Pick<Pipeline, 'reloadPolicies'>;
  readonly sender: Sender;
  readonly now: () => number;
}): Hono<AppEnv> {
  const missing = (id: string): TarsierError => new TarsierError('http/not-found', `there is no channel ${id}`);
  return new Hono<AppEnv>()
    .get('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      return c.json({ channels: (await storage.channels.list(identity.tenant)).map(withoutSecrets) });
    })
    .post('/', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const body = parse(newChannelSchema, await jsonBody(c), 'channels/body');
      const made = await storage.channels.create(identity.tenant, body);
      await pipeline.reloadPolicies(identity.tenant);
      return c.json(withoutSecrets(made), 201);
    })
    .post('/preview', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const { channel, incidentId } = parse(previewSchema, await jsonBody(c), 'channels/body');
      const example = exampleMessage(now());
      if (incidentId === undefined) return c.json<PreviewResponse>(sender.preview(channel, example));
      const incident = await storage.incidents.find(identity.tenant, incidentId);
      if (incident === undefined) throw new TarsierError('http/not-found', `there is no incident ${incidentId}`);
      const why = incident.alerts[0]?.reason ?? incident.title;
      return c.json<PreviewResponse>(sender.preview(channel, { ...example, why, incident }));
    })
    .post('/:id/test', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const id = c.req.param('id');
      const channel = (await storage.channels.list(identity.tenant)).find((one) => one.id === id);
      if (channel === undefined) throw missing(id);
      const error = await sender
        .send({ id: `test-${randomUUID()}`, channel, message: exampleMessage(now()), createdAt: now() })
        .then(() => undefined, describeError);
      return c.json<ChannelTestResponse>({ delivered: error === undefined, ...(error === undefined ? {} : { error }) });
    })
    .delete('/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const id = c.req.param('id');
      if (!(await storage.channels.delete(identity.tenant, id))) throw missing(id);
      await pipeline.reloadPolicies(identity.tenant);
      return c.body(null, 204);
    });
}
