/** The part of Alertmanager's API (version 2) by which amtool and dashboards make, list and end silences. Alerts: alertmanager-alerts.ts. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { newSilenceSchema, type Silence } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import { z } from 'zod';
import { matcherText, parseMatchers } from '../../alert/pipeline/alert-labels.ts';
import type { Pipeline } from '../../alert/pipeline/pipeline.ts';
import type { Storage } from '../../storage/storage.ts';
import { requireScope } from '../../tenancy/permissions.ts';
import type { AppEnv } from '../app-env.ts';
import type { TenantScope } from '../../tenant.ts';
import type { MakeChange } from '../api/change.ts';
import { jsonBody } from '../json-body.ts';
import { parse } from '../parse.ts';
import { quoted } from './alertmanager-alerts.ts';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const postedSilence = z.object({
  id: z.string().max(100).optional(),
  matchers: z
    .array(
      z.object({
        name: z.string().min(1).max(200),
        value: z.string().max(2_000),
        isRegex: z.boolean(),
        isEqual: z.boolean().default(true),
      }),
    )
    .min(1)
    .max(20),
  startsAt: time,
  endsAt: time,
  createdBy: z.string().max(200),
  comment: z.string().max(2_000),
});

export function alertmanagerRoutes({
  storage,
  pipeline,
  change,
  now,
}: {
  readonly storage: Pick<Storage, 'alertPolicies'>;
  readonly pipeline: Pick<Pipeline, 'reloadPolicies'>;
  readonly change: MakeChange;
  readonly now: () => UnixMs;
}): Hono<AppEnv> {
  const { silences } = storage.alertPolicies;
  const missing = (id: string): TarsierError => new TarsierError('http/not-found', `there is no silence ${id}`);
  return new Hono<AppEnv>()
    .get('/silences', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const wanted = parseMatchers((c.req.queries('filter') ?? []).map(quoted)).map((matcher) =>
        JSON.stringify(matcher),
      );
      const all = await silences.list(identity.tenant);
      const found = all.filter(({ matchers }) => {
        const has = new Set(parseMatchers(matchers).map((matcher) => JSON.stringify(matcher)));
        return wanted.every((matcher) => has.has(matcher));
      });
      return c.json(found.flatMap((silence) => toAlertmanager(silence, now())));
    })
    .post('/silences', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const { id, matchers, ...rest } = parse(postedSilence, await jsonBody(c), 'http/body');
      const texts = matchers.map(matcherText);
      parseMatchers(texts);
      const silence = parse(newSilenceSchema, { ...rest, matchers: texts }, 'http/body');
      const made = await change(c, { action: 'POST /alertmanager/api/v2/silences' }, async (tenant, after) => {
        const kept = id === undefined || id === '' ? undefined : await silences.replace(tenant, id, silence);
        after(() => pipeline.reloadPolicies(tenant));
        return kept ?? (await silences.create(tenant, silence));
      });
      return c.json({ silenceID: made.id });
    })
    .get('/silence/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'read');
      const id = c.req.param('id');
      const found = (await silences.list(identity.tenant)).find((silence) => silence.id === id);
      const [shown] = found === undefined ? [] : toAlertmanager(found, now());
      if (shown === undefined) throw missing(id);
      return c.json(shown);
    })
    .delete('/silence/:id', async (c) => {
      const identity = c.get('identity');
      requireScope(identity, 'write');
      const id = c.req.param('id');
      const find = async (tenant: TenantScope) => (await silences.list(tenant)).find((silence) => silence.id === id);
      const options = {
        action: 'DELETE /alertmanager/api/v2/silence/{id}',
        lock: `/v1/silences/${id}`,
        current: find,
      };
      await change(c, options, async (tenant, after) => {
        const found = await find(tenant);
        if (found === undefined) throw missing(id);
        const { id: _, ...silence } = found;
        // As there: it is over, and still to be seen.
        const endsAt = Math.min(silence.endsAt ?? now(), now());
        const startsAt = silence.startsAt === undefined || silence.startsAt < endsAt ? silence.startsAt : undefined;
        const { startsAt: __, ...rest } = silence;
        after(() => pipeline.reloadPolicies(tenant));
        return silences.replace(tenant, id, { ...rest, ...(startsAt === undefined ? {} : { startsAt }), endsAt });
      });
      return c.body(null, 200);
    });
}

/** Windows that come again have no form there. */
function toAlertmanager({ id, matchers, comment, createdBy, startsAt, endsAt, recurring }: Silence, now: UnixMs) {
  if (recurring !== undefined || endsAt === undefined) return [];
  const begin = startsAt ?? 0;
  const state = now >= endsAt ? 'expired' : now < begin ? 'pending' : 'active';
  return [
    {
      id,
      status: { state },
      updatedAt: new Date(begin).toISOString(),
      startsAt: new Date(begin).toISOString(),
      endsAt: new Date(endsAt).toISOString(),
      createdBy,
      comment,
      matchers: parseMatchers(matchers).map(({ label, op, value }) => ({
        name: label,
        value,
        isRegex: op.endsWith('~'),
        isEqual: op.startsWith('='),
      })),
    },
  ];
}
