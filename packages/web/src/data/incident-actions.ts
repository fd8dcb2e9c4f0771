/** What a person does about an incident, from any element. */
import type { Incident } from '@tarsier/protocol';
import type { IncidentAction } from '@tarsier/protocol/api';
import { actUnlessTaken } from './element-action.ts';
import type { ActionOutcome } from './element-action.ts';
import type { DataSource } from './source.ts';

export interface ActionDetail {
  readonly incident: Incident;
  readonly action: IncidentAction;
}

/** Does it through the collector, unless the page around the element takes it over. */
export function act(element: HTMLElement, source: DataSource, detail: ActionDetail): Promise<ActionOutcome> {
  const { kind, ...body } = detail.action;
  const path = `/v1/incidents/${encodeURIComponent(detail.incident.id)}/${kind}`;
  return actUnlessTaken(element, source, detail, (api) => api.send('POST', path, body));
}

const hourMs = 3_600_000;

/** Until when one may snooze, by the viewer's clock. */
export const snoozes = {
  hour: (now: number) => now + hourMs,
  four: (now: number) => now + 4 * hourMs,
  morning(now: number) {
    const date = new Date(now);
    // Who is woken at three means the next nine, not that of the day after.
    if (date.getHours() >= 9) date.setDate(date.getDate() + 1);
    return date.setHours(9, 0, 0, 0);
  },
  week: (now: number) => now + 7 * 24 * hourMs,
} as const;
export type Snooze = keyof typeof snoozes;
