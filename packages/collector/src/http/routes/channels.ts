import { randomUUID } from 'node:crypto';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import { exampleMessage } from '../../notify/example.ts';
import type { Egress } from '../../notify/egress/egress.ts';
import type { Sender } from '../../notify/send.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import { resourceRoutes } from '../api/resource-routes.ts';
import { requireReachable } from '../channel-address.ts';
import { withKeptSecrets, withoutSecrets } from '../channel-secrets.ts';

/** `/v1/channels`: who is told; `POST /:id/test` tells it something, `POST /preview` shows how it would look. */
export function channelRoutes(
  api: Api,
  {
    storage,
    pipeline,
    sender,
    egress,
    now,
  }: {
    readonly storage: Pick<Storage, 'channels' | 'incidents'>;
    readonly pipeline: Pick<Pipeline, 'reloadPolicies'>;
    readonly sender: Sender;
    readonly egress: Pick<Egress, 'require'>;
    readonly now: () => number;
  },
): void {
  api.on('POST /v1/channels/preview', async ({ tenant, body: { channel, incidentId } }) => {
    const example = exampleMessage(now());
    if (incidentId === undefined) return sender.preview(channel, example);
    const incident = await storage.incidents.find(tenant, incidentId);
    if (incident === undefined) throw new TarsierError('http/not-found', `there is no incident ${incidentId}`);
    const why = incident.alerts[0]?.reason ?? incident.title;
    return sender.preview(channel, { ...example, why, incident });
  });
  const find = async (tenant: TenantScope, id: string) =>
    (await storage.channels.list(tenant)).find((one) => one.id === id);
  api.on('POST /v1/channels/{id}/test', {
    // A receiver may take its time.
    apart: true,
    async current({ tenant, params: { id } }) {
      const channel = await find(tenant, id);
      return channel === undefined ? undefined : withoutSecrets(channel);
    },
    async handle({ tenant, params: { id } }) {
      const channel = await find(tenant, id);
      if (channel === undefined) throw new TarsierError('http/not-found', `there is no channel ${id}`);
      const error = await sender
        .send({
          tenantId: tenant.tenantId,
          id: `test-${randomUUID()}`,
          channel,
          message: exampleMessage(now()),
          createdAt: now(),
        })
        .then(() => undefined, describeError);
      return { delivered: error === undefined, ...(error === undefined ? {} : { error }) };
    },
  });
  resourceRoutes(api, 'channels', {
    store: storage.channels,
    check: (_, body) => requireReachable(egress, body),
    show: withoutSecrets,
    merge: withKeptSecrets,
    changed: (tenant) => pipeline.reloadPolicies(tenant),
  });
}
