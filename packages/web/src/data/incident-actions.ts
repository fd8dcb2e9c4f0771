/** What a person does about an incident, from any element. */
import type { Incident } from '@tarsier/protocol';
import type { IncidentAction } from '@tarsier/protocol/api';
import { RequestError } from './rest.ts';
import type { DataSource } from './source.ts';

export interface ActionDetail {
  readonly incident: Incident;
  readonly action: IncidentAction;
}

export type ActionOutcome = { readonly kind: 'done' | 'taken' } | { readonly kind: 'failed'; readonly message: string };

/**
 * Does it through the collector, unless the page around the element takes it over: `tarsier-action` is cancelable, and
 * who cancels it has done it.
 */
export async function act(element: HTMLElement, source: DataSource, detail: ActionDetail): Promise<ActionOutcome> {
  const event = new CustomEvent('tarsier-action', { detail, bubbles: true, composed: true, cancelable: true });
  if (!element.dispatchEvent(event)) return { kind: 'taken' };
  const { kind, ...body } = detail.action;
  try {
    await source.api.send('POST', `/v1/incidents/${encodeURIComponent(detail.incident.id)}/${kind}`, body);
    return { kind: 'done' };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { kind: 'failed', message: error.message };
  }
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
