import { TarsierError } from '@tarsier/protocol';
import { nowAndNext, shiftsWithin } from '../../alert/on-call/shifts.ts';
import { dayMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Api } from '../api/call.ts';

const defaultSpanMs = 28 * dayMs;
const longestSpanMs = 400 * dayMs;

/** `GET /v1/on-call`: who is on call now and next. `GET /v1/rotations/:id/shifts`: who is when. */
export function onCallRoutes(
  api: Api,
  { storage, now }: { readonly storage: Pick<Storage, 'alertPolicies'>; readonly now: () => number },
): void {
  const { rotations, overrides } = storage.alertPolicies;
  api.on('GET /v1/on-call', async ({ tenant, query: { at = now() } }) => {
    const taken = await overrides.list(tenant);
    return { at, rotations: (await rotations.list(tenant)).map((rotation) => nowAndNext(rotation, taken, at)) };
  });
  api.on('GET /v1/rotations/{id}/shifts', async ({ tenant, params: { id }, query }) => {
    const { from = now(), to = from + defaultSpanMs } = query;
    if (to <= from || to - from > longestSpanMs) {
      const expected = `to: expected a time after from, and at most ${longestSpanMs / dayMs} days after it`;
      throw new TarsierError('http/parameter', `${expected}, got ${to}`, { field: 'to' });
    }
    const rotation = (await rotations.list(tenant)).find((one) => one.id === id);
    if (rotation === undefined) throw new TarsierError('http/not-found', `there is no rotation ${id}`);
    return { shifts: shiftsWithin(rotation, await overrides.list(tenant), { from, to }) };
  });
}
