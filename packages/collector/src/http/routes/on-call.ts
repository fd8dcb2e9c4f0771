import { TarsierError } from '@tarsier/protocol';
import { onCallParameters, shiftsParameters, type OnCallResponse, type ShiftsResponse } from '@tarsier/protocol/api';
import { Hono } from 'hono';
import { nowAndNext, shiftsWithin } from '../../alert/on-call/shifts.ts';
import { dayMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { requireScope } from '../../tenancy/authenticate.ts';
import { parse } from '../parse.ts';

const defaultSpanMs = 28 * dayMs;
const longestSpanMs = 400 * dayMs;

/** `GET /v1/on-call`: who is on call now and next. `GET /v1/rotations/:id/shifts`: who is when. */
export function onCallRoutes({
  storage,
  now,
}: {
  readonly storage: Pick<Storage, 'alertPolicies'>;
  readonly now: () => number;
}): Hono<AppEnv> {
  const { rotations, overrides } = storage.alertPolicies;
  return new Hono<AppEnv>()
    .get('/on-call', async (c) => {
      const { tenant } = c.get('identity');
      requireScope(c.get('identity'), 'read');
      const { at = now() } = parse(onCallParameters, c.req.query(), 'on-call/parameter');
      const taken = await overrides.list(tenant);
      const body: OnCallResponse = {
        at,
        rotations: (await rotations.list(tenant)).map((rotation) => nowAndNext(rotation, taken, at)),
      };
      return c.json(body);
    })
    .get('/rotations/:id/shifts', async (c) => {
      const { tenant } = c.get('identity');
      requireScope(c.get('identity'), 'read');
      const id = c.req.param('id');
      const { from = now(), to = from + defaultSpanMs } = parse(shiftsParameters, c.req.query(), 'on-call/parameter');
      if (to <= from || to - from > longestSpanMs) {
        const expected = `to: expected a time after from, and at most ${longestSpanMs / dayMs} days after it`;
        throw new TarsierError('on-call/parameter', `${expected}, got ${to}`, { field: 'to' });
      }
      const rotation = (await rotations.list(tenant)).find((one) => one.id === id);
      if (rotation === undefined) throw new TarsierError('http/not-found', `there is no rotation ${id}`);
      const body: ShiftsResponse = { shifts: shiftsWithin(rotation, await overrides.list(tenant), { from, to }) };
      return c.json(body);
    });
}
