/** Two weeks of a series with incidents that are real, and spikes that are none, and what people said of them. */
import { newRuleSchema, type Rule } from '@tarsier/protocol/api';
import { createNoise } from '../../../stats/noise.ts';
import { nextRandomState, randomOf } from '../../../stats/random.ts';
import type { Storage } from '../../../storage/storage.ts';
import { testAlert, testOutcome } from '../../../storage/testing-incidents.ts';
import type { TenantScope } from '../../../tenant.ts';
import type { TestSeries } from '../../testing-context.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
export const now = Date.UTC(2026, 10, 30);
export const days = 14;

interface Happening {
  readonly at: number;
  readonly isReal: boolean;
  readonly peak: number;
}

/**
 * Once a day it rises from 0.3 within half an hour, to 0.95 on one day and 0.78 on the next, stays for another, and
 * somebody has to do with it; three times a day it is at about 0.72 for ten minutes, and nobody has.
 */
export function happenings(): readonly Happening[] {
  let state = 7;
  const random = (): number => randomOf((state = nextRandomState(state)));
  const begun = now - days * day;
  return Array.from({ length: days }, (_, at) => {
    const midnight = begun + at * day;
    const places = [3, 9, 15, 21].map((hours) => midnight + hours * hour + Math.floor(random() * 90) * minute);
    const real = Math.floor(random() * 4);
    return places.map((time, place) => ({
      at: time,
      isReal: place === real,
      peak: place !== real ? 0.72 : at % 2 === 0 ? 0.95 : 0.78,
    }));
  }).flat();
}

export function load(): TestSeries {
  const noise = createNoise(3);
  const count = (days * day) / minute;
  const times = Float64Array.from({ length: count }, (_, at) => now - (count - 1 - at) * minute);
  const values = times.map(() => 0.3 + 0.02 * noise());
  const first = times[0] ?? 0;
  for (const { at, isReal, peak } of happenings()) {
    for (let minutes = 0; minutes < (isReal ? 60 : 10); minutes++) {
      const index = Math.round((at - first) / minute) + minutes;
      values[index] = (isReal ? Math.min(peak, 0.3 + (0.65 * minutes) / 30) : peak) + 0.005 * noise();
    }
  }
  return { labels: { __name__: 'load', host: 'a' }, times, values };
}

/** The tenant's rule, and the incidents that it has had with a threshold of 0.6; at night fewer are judged. */
export async function withHistory(
  storage: Storage,
  scope: TenantScope,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Rule> {
  const body = { kind: 'threshold', name: 'Load', selector: 'load', op: '>', value: 0.6, clear: 0.55, ...more };
  const rule = await storage.rules.create(scope, newRuleSchema.parse(body));
  let state = 11;
  const random = (): number => randomOf((state = nextRandomState(state)));
  for (const [index, { at, isReal }] of happenings().entries()) {
    const since = at + (isReal ? 14 * minute : 0);
    const resolvedAt = at + (isReal ? 60 : 10) * minute;
    const alert = {
      ...testAlert(`h${index}`, since, { ruleId: rule.id, name: 'Load' }),
      state: { kind: 'resolved', since, value: 0.7, resolvedAt } as const,
    };
    const isDay = new Date(at).getUTCHours() >= 7 && new Date(at).getUTCHours() < 19;
    const isJudged = random() < (isDay ? 0.95 : 0.6);
    await storage.alerts.save(scope, [alert]);
    const { incidents, ...outcome } = testOutcome(alert, [], since);
    const verdict = isJudged ? { feedback: isReal ? ('useful' as const) : ('noise' as const) } : {};
    const judged = new Map([...incidents].map(([id, one]) => [id, { ...one, ...verdict }]));
    await storage.incidents.save(scope, { incidents: judged, ...outcome });
  }
  return rule;
}
